import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { linesOf } from '../../scripts/records/lines-of.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'

const lines = suite('linesOf')
const folder = temporaryFolder()

lines('gives back every line of a file that is longer than one read', () => {
  const path = join(folder.path, 'long.txt')
  // Characters of three bytes, and lines of all lengths: some end up on both sides of a border.
  const written = Array.from({ length: 4000 }, (_, i) => `${i} ${'\u20ac'.repeat(i % 400)}`)
  for (const end of ['', '\n', '\n\n']) {
    writeFileSync(path, written.join('\n') + end)
    assert.ok([...linesOf(path)].join('|') === written.join('|'), `a file that ends in ${JSON.stringify(end)}`)
  }
  writeFileSync(path, '')
  assert.equal([...linesOf(path)], [])
})

lines.run()
