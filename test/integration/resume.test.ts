import { readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { RoundRecord } from '../../node/index.js'
import { fixture } from '../helpers/fixture.js'
import { runMurmur, withCommands, type RunningCommand } from '../helpers/run-murmur.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'

const resuming = suite('murmur up on a folder that was used before')
const folder = temporaryFolder()
const home = join(folder.path, 'home')
const local = ['--host', '127.0.0.1', '--port', '0', '--http', '0', '--round-interval', '0.02']
const up = ['up', '--data', fixture('iris.csv'), '--home', home, ...local]

function roundsOf({ stdout }: RunningCommand): number[] {
  const lines = stdout.split('\n').slice(0, -1)
  return lines.map(line => (JSON.parse(line) as RoundRecord).round)
}

resuming('goes on after kill -9, losing at most a round', () =>
  withCommands(async start => {
    let last = 0
    for (const reach of [3, 8, 13]) {
      const node = start([...up, '--json', '--momentum', '0.8', '--round-interval', '0.3'])
      await node.writes('stdout', new RegExp(`"round":${reach},`))
      node.signal('SIGKILL')
      await node.ended()
      const rounds = roundsOf(node)
      assert.ok(rounds[0] >= last && rounds[0] <= last + 2, `began with round ${rounds[0]} after ${last}`)
      if (last > 0) assert.match(node.stderr, new RegExp(`^resuming {3}after round ${rounds[0] - 1}$`, 'm'))
      last = rounds.at(-1)!
    }
  })
)

resuming('goes on without being told what is learned, answers before it learns, and says goodbye in time', () =>
  withCommands(async start => {
    const node = start([...up, '--rounds', '1'])
    await node.writes('stderr', /^learned 1 rounds/m)
    assert.match(node.stderr, /^resuming {3}after round \d+$/m)
    const input = 'sepal_length_cm,sepal_width_cm,petal_length_cm,petal_width_cm\n5.1,3.5,1.4,0.2\n'
    const { stdout } = await runMurmur(['predict', '-', '--home', home], { input })
    assert.match(stdout, /^setosa /)
    const before = performance.now()
    node.signal('SIGTERM')
    const { code, stderr } = await node.ended()
    assert.is(code, 0, stderr)
    const ms = performance.now() - before
    assert.ok(ms < 2000, `gone after ${ms} ms`)
  })
)

resuming('refuses to learn something else on top of it, unless told to forget', async () => {
  const { code, stderr } = await runMurmur([...up, '--model', 'softmax'])
  assert.is(code, 3)
  assert.match(
    stderr,
    /^✖ \S+ holds a checkpoint of task \w{8} \("model"\), round \d+, but the data and settings given make task \w{8} \("model"\)\. Pass --home with another folder, or --fresh to forget that checkpoint\.\n$/
  )
  const other = await runMurmur(['up', '--data', fixture('boston.csv'), '--home', home, ...local])
  assert.is(other.code, 3)
  assert.match(other.stderr, /^✖ \S+ holds a checkpoint of task \w{8} \("model"\), which these data do not fit: /)
  const nowhere = await runMurmur(['up', '--data', 'nowhere.csv', '--home', home, ...local])
  assert.equal([nowhere.code, /^✖ nowhere\.csv: no such file/.test(nowhere.stderr)], [3, true])
})

resuming('goes on from the one before when the newest is damaged, with one line', () =>
  withCommands(async start => {
    const checkpoints = join(home, 'checkpoints')
    // A node that is ended right after a write leaves a third.
    const names = readdirSync(checkpoints).filter(name => name.endsWith('.checkpoint'))
    const [before, newest] = names.sort().slice(-2)
    truncateSync(join(checkpoints, newest), 1000)
    const node = start([...up, '--rounds', '1'])
    await node.writes('stderr', new RegExp(`^resuming {3}after round ${Number(before.match(/\d+/)![0])}$`, 'm'))
    assert.is(node.stderr.match(/a checkpoint is damaged; going on from round/g)!.length, 1)
  })
)

resuming('begins anew when told to', () =>
  withCommands(async start => {
    const node = start([...up, '--fresh', '--model', 'softmax', '--rounds', '1'])
    await node.writes('stdout', /^round 1 /)
    assert.not.match(node.stderr, /resuming/)
  })
)

resuming.run()
