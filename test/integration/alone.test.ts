import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const alone = suite('a node whose peers were killed')
const script = fileURLToPath(new URL('../../scripts/bench/predict-alone.js', import.meta.url))

alone('answers every prediction, and goes on learning', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, '200'], { timeout: 90_000 })
  assert.match(stdout, /^0 of 200 predictions failed after 2 of 2 peers were killed; round \d+, /)
})

alone.run()
