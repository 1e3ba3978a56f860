import { createCompressor } from '../../learning/compression/create-compressor.js'
import { createLayout } from '../../learning/parameters.js'
import { createRng } from '../../learning/rng.js'
import { threadCpuMs } from '../../engine/thread-time.js'
import { formatBytes } from '../output.js'
import { printTable, quantile } from './report.js'

// How fast are compressors on a large model, in float32 input a second of one core?
// node dist/scripts/bench/codecs.js [compressor...]

const SPECS = [
  ['float32', 'float16', 'quantize:8', 'quantize:4', 'quantize:2', 'sign'],
  ['top-k:0.01', 'top-k:0.01+quantize:8', 'top-k:0.1+quantize:4', 'random-k:0.01', 'random-blocks:0.1', 'low-rank:4']
].flat()
const ROWS = 2500
const COLUMNS = 2000
const VALUES = ROWS * COLUMNS
const ROUNDS = 7
const WARM_UP = 5
const LEAST_MS = 80

const specs = process.argv.length > 2 ? process.argv.slice(2) : SPECS
const layout = createLayout([{ name: 'kernel', shape: [ROWS, COLUMNS] }])
const rng = createRng('bench')
const some = Float32Array.from({ length: 65_537 }, () => rng.normal())
const input = Float32Array.from({ length: VALUES }, (_, i) => some[i % some.length])
const output = new Float32Array(VALUES)

/** CPU milliseconds of one run, in each round. The clock of the kernel is coarse: a round takes as many runs as fill some ticks. */
function measure(run: () => unknown): { median: number; high: number } {
  const timed = (runs: number): number => {
    const started = threadCpuMs()
    for (let i = 0; i < runs; i++) run()
    return threadCpuMs() - started
  }
  const runs = Math.ceil(LEAST_MS / Math.max(1, timed(WARM_UP) / WARM_UP))
  const times = Array.from({ length: ROUNDS }, () => timed(runs) / runs)
  return { median: quantile(times, 0.5), high: quantile(times, 0.9) }
}

/** Gigabytes of float32 a second. */
function rate(milliseconds: number): string {
  return ((4 * VALUES) / 1e6 / milliseconds).toFixed(2)
}

const copy = measure(() => output.set(input))
const rows = specs.map(spec => {
  const compressor = createCompressor(spec, layout)
  const message = compressor.encode(input, createRng(1))
  const encode = measure(() => compressor.encode(input, createRng(1)))
  const decode = measure(() => compressor.decode(message, output))
  const both = encode.median + decode.median
  return [
    spec,
    formatBytes(message.length),
    rate(encode.median),
    rate(decode.median),
    rate(both),
    rate(encode.high + decode.high),
    (both / copy.median).toFixed(1)
  ]
})
printTable(
  `How fast are compressors? ${VALUES} values, GB of float32 input a second of CPU; a copy takes ${rate(copy.median)} GB/s`,
  [['COMPRESSOR', 'MESSAGE', 'ENCODE', 'DECODE', 'BOTH', 'BOTH, SLOWEST TENTH', 'TIMES A COPY'], ...rows]
)
