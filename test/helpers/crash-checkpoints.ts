import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { createRng } from '../../learning/rng.js'
import { CheckpointStore } from '../../node/checkpoint/index.js'
import { within } from './within.js'

const writer = fileURLToPath(new URL('./write-checkpoints.js', import.meta.url))
/** Longer than it takes to write a few checkpoints. */
const longestMs = 60

/**
 * Kill a process that writes checkpoints as fast as it can, at seeded instants, and start it again on the same folder. After
 * each death the newest checkpoint must be whole, and none of those that were told to be on the disk may be lost.
 *
 * @returns how often the process died in the middle of writing a file
 */
export async function crashCheckpoints(folder: string, times: number, seed: number): Promise<number> {
  const rng = createRng(seed).fork('instants')
  let told = 0
  let torn = 0
  for (let death = 0; death < times; death++) {
    const child = spawn(process.execPath, [writer, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    const closed = once(child, 'close')
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    await within(once(child.stdout, 'data'), 10_000, 'the first checkpoint')
    setTimeout(() => child.kill('SIGKILL'), longestMs * rng.uniform())
    await within(closed, 10_000, 'the process to die')
    told = Math.max(told, ...output.split('\n').slice(0, -1).map(Number))
    const { checkpoint, damaged } = await new CheckpointStore(folder).latest()
    const what = `death ${death}: round ${told} was on the disk`
    assert.equal(damaged, [], what)
    assert.ok(checkpoint !== undefined && checkpoint.round >= told && checkpoint.round <= told + 1, what)
    assert.ok(
      checkpoint.parameters.every(value => value === checkpoint.round),
      `${what}; parameters`
    )
    assert.ok(
      checkpoint.optimizerState.every(value => value === -checkpoint.round),
      `${what}; optimiser state`
    )
    if (checkpoint.round === told) torn++
  }
  return torn
}
