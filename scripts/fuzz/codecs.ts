import { takeAllocated } from './count-allocations.js'
import { createCompressor } from '../../learning/compression/create-compressor.js'
import type { Compressor } from '../../learning/compression/compressor.js'
import { MalformedUpdateError } from '../../learning/errors.js'
import { allFinite, createLayout } from '../../learning/parameters.js'
import { createRng, type Rng } from '../../learning/rng.js'
import { formatShare, formatTable, narrate, printResult } from '../output.js'
import { badMessage } from './bad-messages.js'
import { heap } from './heap.js'

// Does every decoder refuse whatever is malformed, with the error meant for that, in the memory that the model calls for?
// node --expose-gc dist/scripts/fuzz/codecs.js [messages] [seed]

const total = Number(process.argv[2] ?? 100_000)
const seed = Number(process.argv[3] ?? 1)
const warmUp = Math.ceil(total / 5)
const maxGrowthBytes = 4 * 1024 * 1024
/** One message in so many is of a large model, which takes long to decode. */
const LARGE_ONE_IN = 1000
const MESSAGES_KEPT = 6

const specs = [
  'float32',
  'float16',
  'quantize:8',
  'quantize:4',
  'quantize:2',
  'quantize:8:range',
  'quantize:2:range',
  'sign',
  'top-k:0.01',
  'top-k:0.3',
  'top-k:0.4+quantize:4:range',
  'top-k:0.1+sign',
  'top-k:0.01:20+sign',
  'adaptive-top-k',
  'adaptive-top-k:1KB/round',
  'adaptive-quantize:1KB/round',
  'random-k:0.1+quantize:8',
  'random-blocks:0.3:8+float16',
  'random-blocks:0.2:32+top-k:0.25',
  'low-rank:2',
  'low-rank:1+quantize:8+exact:bias',
  'top-k:0.2+quantize:8+exact:normalization+exact:output/',
  'top-k:0.1+sharing:quantize:4'
]

function network(inputs: number, hidden: number) {
  return createLayout([
    { name: 'hidden/kernel', shape: [inputs, hidden] },
    { name: 'hidden/bias', shape: [hidden] },
    { name: 'normalization/gamma', shape: [hidden] },
    { name: 'output/kernel', shape: [hidden, 3] },
    { name: 'output/bias', shape: [3] }
  ])
}

/** A compressor of one model, what it makes, and what came of changing that. */
interface Subject {
  readonly spec: string
  readonly size: number
  readonly compressor: Compressor
  readonly messages: readonly Uint8Array[]
  readonly output: Float32Array
  /** The most that decoding may allocate, whatever the bytes say: two vectors, two messages, and models of bits. */
  readonly limitBytes: number
  sent: number
  refused: number
  mostBytes: number
}

function subject(spec: string, inputs: number, hidden: number, rng: Rng): Subject {
  const layout = network(inputs, hidden)
  const { size } = layout
  const compressor = createCompressor(spec, layout)
  const normals = Float32Array.from({ length: size }, () => rng.normal())
  const inputsOf = [1, 1e37, 1e-40, 0].map(scale => normals.map(value => value * scale))
  inputsOf.push(new Float32Array(size).fill(1.5), new Float32Array(size).fill(-3, size - 1))
  const messages = inputsOf.slice(0, MESSAGES_KEPT).map(input => compressor.encode(input, rng).slice())
  const limitBytes = 2 * (4 * size + compressor.maxBytes) + 4096
  const output = new Float32Array(size)
  return { spec, size, compressor, messages, output, limitBytes, sent: 0, refused: 0, mostBytes: 0 }
}

const rng = createRng(seed).fork('bad-messages')
const small = [
  [1, 1],
  [4, 5],
  [7, 9],
  [12, 20]
].flatMap(([inputs, hidden]) => specs.map(spec => subject(spec, inputs, hidden, rng)))
const large = specs.map(spec => subject(spec, 100, 100, rng))
const faults: string[] = []

function send(to: Subject, number: number): void {
  const { compressor, messages, output } = to
  const [valid, other] = [0, 0].map(() => messages[rng.integer(messages.length)])
  const bytes = badMessage(valid, other, compressor.maxBytes, rng)
  output.fill(0)
  takeAllocated()
  const refusedBefore = to.refused
  const fault = decodingFault(to, bytes)
  const allocated = takeAllocated()
  if (fault === undefined && to.refused === refusedBefore && !keptInOrder(to, bytes)) {
    faults.push(`message ${number}, ${to.spec} of ${to.size} values: coordinates out of order`)
  }
  to.sent++
  to.mostBytes = Math.max(to.mostBytes, allocated / to.limitBytes)
  if (fault !== undefined) faults.push(`message ${number}, ${to.spec} of ${to.size} values: ${fault}`)
  if (allocated > to.limitBytes) faults.push(`message ${number}, ${to.spec} of ${to.size} values: ${allocated} bytes`)
}

/** @returns what decoding did that it must not */
function decodingFault(to: Subject, bytes: Uint8Array): string | undefined {
  try {
    to.compressor.decode(bytes, to.output)
  } catch (error) {
    to.refused++
    return error instanceof MalformedUpdateError ? undefined : String(error)
  }
  if (bytes.length > to.compressor.maxBytes) return `${bytes.length} bytes were taken`
  if (!allFinite(to.output)) return 'a value is not finite'
}

/** @returns whether the coordinates of a message that was taken ascend and exist, as many as values */
function keptInOrder({ compressor, size }: Subject, bytes: Uint8Array): boolean {
  const kept = compressor.decodeKept?.(bytes)
  if (kept === undefined) return true
  const { indices, values } = kept
  return (
    values.length === indices.length && indices.every((index, k) => index < size && (k === 0 || index > indices[k - 1]))
  )
}

let before = 0
const startedMs = performance.now()
for (let number = 1; number <= total; number++) {
  const among = number % LARGE_ONE_IN === 0 ? large : small
  send(among[rng.integer(among.length)], number)
  if (number === warmUp) before = await heap()
}
const seconds = (performance.now() - startedMs) / 1000
const growth = (await heap()) - before

const rows = specs.map(spec => {
  const all = [...small, ...large].filter(each => each.spec === spec)
  const sent = all.reduce((sum, each) => sum + each.sent, 0)
  const refused = all.reduce((sum, each) => sum + each.refused, 0)
  return [spec, String(sent), formatShare(refused / sent), formatShare(Math.max(...all.map(each => each.mostBytes)))]
})
printResult(formatTable([['COMPRESSOR', 'MESSAGES', 'REFUSED', 'MEMORY OF ITS LIMIT'], ...rows]))
printResult(
  `\n${total} messages, seed ${seed}, ${seconds.toFixed(1)} s: ${faults.length} not refused as they should be`
)
printResult(`heap ${(growth / 1e6).toFixed(1)} MB larger than after the first ${warmUp}`)
for (const fault of faults.slice(0, 20)) narrate(`✖ ${fault}`)
if (faults.length > 0 || growth > maxGrowthBytes) process.exitCode = 1
