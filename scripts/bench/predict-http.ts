import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mnistFolder, readMnist } from '../../data/index.js'
import { buildModel, createEngine, initialParameters } from '../../engine/index.js'
import { readControl } from '../../node/control-file.js'
import { formatTable, printResult } from '../output.js'
import { machine, quantile } from './report.js'

// How fast are predictions over HTTP, while the node rests and while it trains, and what do they cost the training?

/** The first argument: of the models by name. */
const model = process.argv[2] ?? 'mlp'
const clients = 4
const batch = 32
const measureMs = 4000
const rate = 200
const bars = { p50Ms: 2, p99Ms: 8, slowdown: 0.15, throughputShare: 0.5 }
const murmur = fileURLToPath(new URL('../../bundle/murmur.js', import.meta.url))

const { features } = readMnist({ trainRows: [0], testRows: Array.from({ length: 64 }, (_, row) => row) }).test
const images = Array.from({ length: 64 }, (_, row) => [...features.subarray(784 * row, 784 * (row + 1))])

const home = mkdtempSync(join(tmpdir(), 'murmuration-bench-'))
const local = ['--host', '127.0.0.1', '--port', '0', '--http', '0', '--home', join(home, 'node')]
const pace = ['--round-interval', '0.001', '--eval-every', '1000000', '--name', 'mnist', '--model', model]
const node = spawn(process.execPath, [murmur, 'up', '--data', mnistFolder(), ...local, ...pace], { stdio: 'ignore' })
const agent = new Agent({ keepAlive: true, maxSockets: 2 * clients })

try {
  const url = new URL(await urlOf(join(home, 'node')))
  const ask = (path: string, body?: string): Promise<string> => send(url, path, body)
  const one = images.map(image => JSON.stringify({ instances: [image] }))
  const many = JSON.stringify({ instances: images.slice(0, batch) })
  const bytes = JSON.stringify({
    instances: images.slice(0, batch).map(image => ({ b64: Buffer.from(image).toString('base64') }))
  })
  const predict = (body: string): Promise<string> => ask('/v1/models/mnist:predict', body)

  await ask('/api/control/pause', '{}')
  await closedLoop(predict, one, 1, 1000) // warm up
  const idle = await closedLoop(predict, one, clients, measureMs)
  const idlePaced = await openLoop(predict, one, measureMs)
  const numbers = await imagesPerCore(ask, () => closedLoop(predict, [many], clients, measureMs))
  const binary = await imagesPerCore(ask, () => closedLoop(predict, [bytes], clients, measureMs))
  const inProcess = await engineRate()
  await ask('/api/control/resume', '{}')
  await roundsPerSecond(ask, 1000)
  const alone = await roundsPerSecond(ask, measureMs)
  const [training, loaded] = await Promise.all([openLoop(predict, one, measureMs), roundsPerSecond(ask, measureMs)])
  const again = await roundsPerSecond(ask, measureMs)
  const busy = await closedLoop(predict, one, clients, measureMs)

  const undisturbed = (alone + again) / 2
  const ms = (value: number): string => `${value.toFixed(2)} ms`
  const table = [
    ['MEASURE', 'REACHED', 'BAR'],
    [`one image, ${clients} clients, idle: p50`, ms(quantile(idle, 0.5)), `${bars.p50Ms} ms`],
    [`one image, ${clients} clients, idle: p99`, ms(quantile(idle, 0.99)), `${bars.p99Ms} ms`],
    [`  requests a second`, ((1000 * idle.length) / measureMs).toFixed(0), '-'],
    [`one image, ${clients} clients, training: p50`, ms(quantile(busy, 0.5)), '-'],
    [
      `one image, ${clients} clients, training: p99`,
      ms(quantile(busy, 0.99)),
      `${ms(2 * quantile(idle, 0.99))} (2x idle)`
    ],
    [`${rate} requests a second, idle: p99`, ms(quantile(idlePaced, 0.99)), '-'],
    [
      `${rate} requests a second, training: p99`,
      ms(quantile(training, 0.99)),
      `${ms(2 * quantile(idlePaced, 0.99))} (2x idle)`
    ],
    [`${rate} requests a second: training slows by`, percent(1 - loaded / undisturbed), percent(bars.slowdown)],
    [`  rounds a second without, with`, `${undisturbed.toFixed(1)}, ${loaded.toFixed(1)}`, '-'],
    [`batches of ${batch}, the engine in process: images a core and second`, inProcess.toFixed(0), '-'],
    [`  over HTTP, as numbers`, numbers.toFixed(0), '-'],
    [`  share of the engine's`, percent(numbers / inProcess), percent(bars.throughputShare)],
    [`  over HTTP, as base64`, binary.toFixed(0), '-'],
    [`  share of the engine's`, percent(binary / inProcess), percent(bars.throughputShare)]
  ]
  printResult(`Predictions over HTTP, MNIST, ${model}; ${machine()}\n`)
  printResult(formatTable(table))
} finally {
  agent.destroy()
  node.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
}

/** Each client asks again as soon as it has its answer. @returns latencies in milliseconds */
async function closedLoop(
  ask: (body: string) => Promise<string>,
  bodies: readonly string[],
  parallel: number,
  ms: number
): Promise<number[]> {
  const latencies: number[] = []
  const until = performance.now() + ms
  const client = async (): Promise<void> => {
    for (let started = performance.now(); started < until; started = performance.now()) {
      await ask(bodies[latencies.length % bodies.length])
      latencies.push(performance.now() - started)
    }
  }
  await Promise.all(Array.from({ length: parallel }, client))
  return latencies
}

/** Requests come at their own pace, whether or not those before were answered. */
async function openLoop(
  ask: (body: string) => Promise<string>,
  bodies: readonly string[],
  ms: number
): Promise<number[]> {
  const latencies: number[] = []
  const pending: Promise<void>[] = []
  const started = performance.now()
  for (let i = 0; i < (rate * ms) / 1000; i++) {
    const due = started + (1000 * i) / rate
    const wait = due - performance.now()
    if (wait > 1) await new Promise(resolve => setTimeout(resolve, wait))
    const asked = performance.now()
    pending.push(ask(bodies[i % bodies.length]).then(() => void latencies.push(performance.now() - asked)))
  }
  await Promise.all(pending)
  return latencies
}

async function roundsPerSecond(ask: (path: string) => Promise<string>, ms: number): Promise<number> {
  const round = async (): Promise<number> => (JSON.parse(await ask('/api/status')) as { round: number }).round
  const [first, started] = [await round(), performance.now()]
  await new Promise(resolve => setTimeout(resolve, ms))
  return (1000 * ((await round()) - first)) / (performance.now() - started)
}

/** Images for each second of processor time that the node takes, on whichever threads: clients share its cores here. */
async function imagesPerCore(ask: (path: string) => Promise<string>, load: () => Promise<number[]>): Promise<number> {
  const cpuSeconds = async (): Promise<number> =>
    Number(/^process_cpu_seconds_total (\S+)/m.exec(await ask('/metrics'))?.[1])
  const before = await cpuSeconds()
  const { length } = await load()
  return (batch * length) / ((await cpuSeconds()) - before)
}

/** Images a second of processor time of the engine alone, parameters and features handed over each time as a node does. */
async function engineRate(): Promise<number> {
  const training = {
    loss: 'softmax-cross-entropy',
    optimizer: 'sgd',
    learningRate: 0.1,
    momentum: 0,
    batchSize: batch
  } as const
  const topology = buildModel(model, [28, 28, 1], 10, training.loss)
  const engine = await createEngine({ topology, training })
  const parameters = initialParameters(topology, 1)
  const input = Float32Array.from(images.slice(0, batch).flat(), pixel => pixel / 255)
  const run = async (ms: number): Promise<number> => {
    const started = performance.now()
    const before = process.cpuUsage()
    let done = 0
    while (performance.now() - started < ms) {
      await engine.predict(parameters, input, batch)
      done += batch
    }
    const { user, system } = process.cpuUsage(before)
    return (1e6 * done) / (user + system)
  }
  await run(500)
  const rate = await run(measureMs / 2)
  engine.dispose()
  return rate
}

function send({ hostname, port }: URL, path: string, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const asking = request(
      { agent, hostname, port, path, method: body === undefined ? 'GET' : 'POST', headers },
      answer => {
        let text = ''
        answer.setEncoding('utf8').on('data', (part: string) => (text += part))
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve(text)
          else reject(new Error(`${path} answered ${answer.statusCode}: ${text}`))
        })
      }
    )
    asking.on('error', reject)
    asking.end(body)
  })
}

async function urlOf(folder: string): Promise<string> {
  for (;;) {
    const control = readControl(folder)
    if (control !== undefined) return control.url
    if (node.exitCode !== null) throw new Error(`the node ended with code ${node.exitCode}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`
}
