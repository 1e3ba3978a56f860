// A thread that reads models whose numbers are all their version, until it saw enough of them or one that is not whole. How
// often it reads says nothing: threads that share a processor take turns, and then it reads the same one again and again.
import { parentPort, workerData } from 'node:worker_threads'
import { ModelReader, type SharedModelMemory } from '../../engine/shared-model.js'

const enough = 1000
const reader = new ModelReader(workerData as SharedModelMemory)
const versions = new Set<number>()
let torn: string | null = null
while (versions.size < enough && torn === null) {
  const model = reader.acquire()
  if (model === undefined) continue
  const { version, round, parameters, statistics } = model
  versions.add(version)
  const others = [round, ...[parameters, statistics].flatMap(part => [...part.filter(value => value !== version)])]
  const wrong = others.find(value => value !== version)
  if (wrong !== undefined) torn = `version ${version} holds ${wrong}`
  reader.release()
}
parentPort!.postMessage(torn)
