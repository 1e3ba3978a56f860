import { InvalidParametersError } from '../errors.js'
import { createLayout, type Layout } from '../parameters.js'
import { findKind } from '../spec.js'
import { adaptiveQuantize } from './adaptive-quantize.js'
import { adaptiveTopK } from './adaptive-top-k.js'
import type { Compressor, CompressorKind } from './compressor.js'
import { exactly } from './exact.js'
import { float16 } from './float16.js'
import { float32 } from './float32.js'
import { lowRank } from './low-rank.js'
import { quantize } from './quantize.js'
import { randomBlocks } from './random-blocks.js'
import { randomK } from './random-k.js'
import { splitSharingForm, withSharingForm } from './sharing-form.js'
import { sign } from './sign.js'
import { topK } from './top-k.js'

/** Every compressor that a spec can name. A new one is a file and a line here. */
export const compressorKinds: readonly CompressorKind[] = [
  float32,
  float16,
  quantize,
  sign,
  topK,
  randomK,
  randomBlocks,
  lowRank,
  adaptiveTopK,
  adaptiveQuantize
]

const EXACT = '+exact'

/**
 * @param spec - `name[:argument]`, or two of them joined by `+` where the first selects values that the second codes; then
 * any number of `+exact:NAME`, for tensors that it must not touch; then, after `+sharing:`, another such spec for rounds of sharing alone
 * @param kinds - those that a spec may name
 * @throws UnknownNameError when no kind, or no tensor, has that name
 * @throws InvalidParametersError when an argument is outside its range, or a `+` follows what keeps every value or keeps to a budget
 */
export function createCompressor(
  spec: string,
  layout: Layout,
  kinds: readonly CompressorKind[] = compressorKinds
): Compressor {
  const [usual, sharing] = splitSharingForm(spec)
  if (sharing !== undefined) {
    const [first, second] = [usual, sharing].map(each => createCompressor(each, layout, kinds))
    return withSharingForm(first, second, layout.size)
  }
  const { coding, exact } = parse(spec)
  const create = (coded: Layout): Compressor => createCoding(coding, coded, kinds)
  if (exact.length === 0) return create(layout)
  const { adaptive, scaled } = create(layout)
  if (adaptive === undefined && scaled === undefined) return exactly(exact, layout, create)
  throw new InvalidParametersError(
    `${spec}: what adapts its messages decides by itself what is in them. Remove "${EXACT}:${exact[0]}".`
  )
}

/**
 * Check what of a spec can be checked before the model is known: all but the names of tensors.
 *
 * @returns one of vectors of one value
 * @throws UnknownNameError, InvalidParametersError
 */
export function checkCompressorSpec(spec: string): Compressor {
  const [usual, sharing] = splitSharingForm(spec)
  const probe = createLayout([{ name: 'probe', shape: [1] }])
  const compressor = createCompressor(parse(usual).coding, probe)
  return sharing === undefined ? compressor : withSharingForm(compressor, checkCompressorSpec(sharing), probe.size)
}

/** What comes before `+exact:NAME`, and the names. */
function parse(spec: string): { coding: string; exact: string[] } {
  const [coding, ...rest] = spec.split(EXACT)
  const exact = rest.map(part => {
    if (/^:./.test(part)) return part.slice(1)
    throw new InvalidParametersError(`${spec}: expected a part of the names of tensors, as in ${coding}${EXACT}:bias`)
  })
  return { coding, exact }
}

function createCoding(spec: string, layout: Layout, kinds: readonly CompressorKind[]): Compressor {
  const plus = spec.indexOf('+')
  const { kind, argument } = findKind('compressor', plus < 0 ? spec : spec.slice(0, plus), kinds)
  if (plus < 0) return kind.create(argument, layout)
  if (kind.composes === undefined) {
    throw new InvalidParametersError(`${spec}: ${kind.name} codes its values itself. Remove "${spec.slice(plus)}".`)
  }
  return kind.create(argument, layout, kept => createCoding(spec.slice(plus + 1), kept, kinds))
}
