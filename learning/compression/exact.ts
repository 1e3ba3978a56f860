import { InvalidParametersError, MalformedUpdateError, UnknownNameError } from '../errors.js'
import { createLayout, elementCount, type Layout, type TensorShape } from '../parameters.js'
import type { Rng } from '../rng.js'
import type { Compressor, Kept } from './compressor.js'
import { float32 } from './float32.js'
import { joined } from './joined.js'
import { gatherRanges, indicesOf, keptLayout, scatterRanges, type Range } from './kept.js'

/**
 * `+exact:NAME` behind a compressor, once or more: tensors whose name contains NAME travel as they are, in float32, and the
 * compressor codes a vector of the others. A tensor's name is that of its layer and its own: `+exact:bias` is every
 * bias, `+exact:normalization` scales and offsets of all such layers, `+exact:output/` the layer `output`.
 *
 * Biased, contracting or in need of error feedback as the compressor is. (Moving statistics of batch normalisation are no
 * parameters and never sent.)
 *
 * Wire: 4 little-endian bytes for every exact value, in order; then the compressor's message.
 *
 * @param inner - creates the compressor
 * @throws UnknownNameError when no tensor's name contains one of `names`
 * @throws InvalidParametersError when nothing is left to compress
 */
export function exactly(names: readonly string[], layout: Layout, inner: (layout: Layout) => Compressor): Compressor {
  const { exact, others, tensors } = split(names, layout)
  const suffix = names.map(name => `+exact:${name}`).join('')
  if (tensors.length === 0) {
    throw new InvalidParametersError(`${suffix} names every tensor, so nothing is left to compress. Use float32.`)
  }
  const exactIndices = indicesOf(exact)
  const exactValues = float32.create(undefined, keptLayout(exactIndices.length))
  const compressor = inner(createLayout(tensors))
  const spec = compressor.spec + suffix
  const head = exactValues.maxBytes
  const decodeExact = (bytes: Uint8Array): Float32Array => {
    if (bytes.length < head) {
      throw new MalformedUpdateError(`${spec}: message of ${bytes.length} bytes; expected at least ${head}`)
    }
    const values = new Float32Array(exactIndices.length)
    exactValues.decode(bytes.subarray(0, head), values)
    return values
  }
  const decodeRest = compressor.decodeKept
  return {
    spec,
    maxBytes: head + compressor.maxBytes,
    stepSize: compressor.stepSize,
    sparse: compressor.sparse,
    encode(input: Float32Array, rng: Rng) {
      const rest = compressor.encode(gatherRanges(input, others), rng)
      return joined(exactValues.encode(gatherRanges(input, exact), rng), rest)
    },
    decode(bytes, output) {
      const values = decodeExact(bytes)
      // What a sparse message leaves out stays as it is.
      const rest = gatherRanges(output, others)
      compressor.decode(bytes.subarray(head), rest)
      scatterRanges(values, exact, output)
      scatterRanges(rest, others, output)
    },
    decodeKept:
      decodeRest &&
      (bytes => {
        const first = { indices: exactIndices, values: decodeExact(bytes) }
        const { indices, values } = decodeRest(bytes.subarray(head))
        return merged(first, { indices: placesOf(indices, others), values })
      })
  }
}

/** Where coordinates of the vector of all `ranges`, one after the other, lie. @param coordinates - ascending */
function placesOf(coordinates: Uint32Array, ranges: readonly Range[]): Uint32Array {
  let range = 0
  let before = 0
  return coordinates.map(coordinate => {
    while (coordinate - before >= ranges[range].end - ranges[range].start) {
      before += ranges[range].end - ranges[range].start
      range++
    }
    return ranges[range].start + coordinate - before
  })
}

/** Both, ascending. */
function merged(first: Kept, second: Kept): Kept {
  const indices = new Uint32Array(first.indices.length + second.indices.length)
  const values = new Float32Array(indices.length)
  for (let at = 0, i = 0, j = 0; at < indices.length; at++) {
    const fromFirst = j >= second.indices.length || first.indices[i] < second.indices[j]
    indices[at] = fromFirst ? first.indices[i] : second.indices[j]
    values[at] = fromFirst ? first.values[i++] : second.values[j++]
  }
  return { indices, values }
}

interface Split {
  readonly exact: Range[]
  readonly others: Range[]
  /** Those in `others`. */
  readonly tensors: TensorShape[]
}

function split(names: readonly string[], layout: Layout): Split {
  for (const name of names) {
    if (name !== '' && layout.tensors.some(tensor => tensor.name.includes(name))) continue
    throw new UnknownNameError(
      'tensor',
      name,
      layout.tensors.map(tensor => tensor.name)
    )
  }
  const result: Split = { exact: [], others: [], tensors: [] }
  let start = 0
  for (const tensor of layout.tensors) {
    const range = { start, end: start + elementCount(tensor.shape) }
    start = range.end
    if (names.some(name => tensor.name.includes(name))) result.exact.push(range)
    else {
      result.tensors.push(tensor)
      result.others.push(range)
    }
  }
  return result
}
