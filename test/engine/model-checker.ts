// A thread that reads models whose numbers are all their version, and tells the first that is not whole.
import { parentPort, workerData } from 'node:worker_threads'
import { ModelReader, type SharedModelMemory } from '../../engine/shared-model.js'

const readings = 20_000
const reader = new ModelReader(workerData as SharedModelMemory)
const versions = new Set<number>()
let torn: string | null = null
for (let reading = 0; reading < readings && torn === null;) {
  const model = reader.acquire()
  if (model === undefined) continue
  reading++
  const { version, round, parameters, statistics } = model
  versions.add(version)
  const others = [round, ...[parameters, statistics].flatMap(part => [...part.filter(value => value !== version)])]
  const wrong = others.find(value => value !== version)
  if (wrong !== undefined) torn = `version ${version} holds ${wrong}`
  reader.release()
}
parentPort!.postMessage({ torn, versions: versions.size })
