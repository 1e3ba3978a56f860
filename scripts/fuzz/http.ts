import { fileURLToPath } from 'node:url'
import { serveHttp } from '../../node/http/server.js'
import { createNode } from '../../node/index.js'
import { createRng } from '../../learning/rng.js'
import { narrate, printResult } from '../output.js'
import { heap } from './heap.js'
import { badRequest } from './http-requests.js'
import { faultOf, sendRaw } from './send-raw.js'

// Does the server of a learning node refuse whatever is malformed, in words, without crashing or keeping memory?

const total = Number(process.argv[2] ?? 10_000)
const seed = Number(process.argv[3] ?? 1)
const parallel = 8
const warmUp = Math.ceil(total / 5)
const maxGrowthBytes = 4 * 1024 * 1024
const data = fileURLToPath(new URL('../../../examples/iris.csv', import.meta.url))

const node = await createNode({ data, listen: ['/ip4/127.0.0.1/tcp/0'], minRoundMs: 200 })
const log = { error: narrate, warn: narrate, info() {}, debug() {} }
const http = await serveHttp(node, { port: 0, token: 'secret', requestTimeoutMs: 500, log })
const { hostname, port, host } = new URL(http.url)
const target = { host, name: node.task.name, maxBodyBytes: 8 * 1024 * 1024 }
await node.open()
node.start()

const rng = createRng(seed).fork('bad-requests')
const counts = new Map<string, number>()
const faults: string[] = []
let sent = 0

async function client(upTo: number): Promise<void> {
  while (sent < upTo) {
    sent++
    const { kind, bytes } = badRequest(rng, target)
    const answer = await sendRaw(hostname, Number(port), bytes)
    const fault = faultOf(answer)
    if (fault !== undefined) faults.push(`${kind}: ${fault}\n  ${bytes.subarray(0, 300).toString('latin1')}`)
    const key = `${kind}  ${answer.status}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
}

/** Bytes in use once as many requests have been sent and all of them answered. */
async function heapAfter(requests: number): Promise<number> {
  await Promise.all(Array.from({ length: parallel }, () => client(requests)))
  return heap()
}

const before = await heapAfter(warmUp)
const growth = (await heapAfter(total)) - before
const { predictions } = await node.predict([[5.1, 3.5, 1.4, 0.2]])
const { paused, round } = node.status()
await http.close()
await node.stop()

for (const [key, count] of [...counts].sort()) printResult(`${String(count).padStart(6)}  ${key}`)
printResult(`${total} requests, seed ${seed}: ${faults.length} not refused as they should be`)
printResult(
  `heap ${(growth / 1e6).toFixed(1)} MB larger than after the first ${warmUp}; round ${round}, answers ${predictions[0].kind}`
)
for (const fault of faults.slice(0, 20)) narrate(`✖ ${fault}`)
if (faults.length > 0 || growth > maxGrowthBytes || paused) process.exitCode = 1
