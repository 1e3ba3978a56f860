import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { InvalidDataError, InvalidParametersError } from '../../data/errors.js'
import { useIdx } from '../../data/idx.js'
import { mnistFolder } from '../../data/mnist.js'
import { idxBytes } from '../helpers/idx-bytes.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { throwsExactly } from '../helpers/throws.js'

const idx = suite('idx')
const folder = temporaryFolder()

const images = idxBytes([4, 2, 1], [0, 1, 10, 11, 20, 21, 30, 31])

for (const name of ['images', 'images.gz']) {
  idx(`reads any rows of ${name} in any order`, () => {
    const path = folder.write(name, name.endsWith('.gz') ? gzipSync(images) : images)
    useIdx(path, [3], file => {
      assert.equal(file.shape, [4, 2, 1])
      assert.equal([...file.readRows([2, 3, 0])], [20, 21, 30, 31, 0, 1])
      assert.equal([...file.readRows([])], [])
      assert.instance(file.readRows([1]).buffer, SharedArrayBuffer)
    })
  })
}

idx('reads the same rows of MNIST as the whole file holds', () => {
  const path = join(mnistFolder(), 't10k-images-idx3-ubyte')
  const whole = readFileSync(path).subarray(16)
  const rows = [9_999, 0, 1, 2, 5_000, 4_999]
  const read = useIdx(path, [3], file => file.readRows(rows))
  rows.forEach((row, i) => {
    const same = Buffer.compare(read.subarray(i * 784, (i + 1) * 784), whole.subarray(row * 784, (row + 1) * 784)) === 0
    assert.ok(same, `row ${row}`)
  })
})

const faults: [name: string, content: Uint8Array, message: string][] = [
  [
    'another magic number',
    Uint8Array.of(0, 0, 13, 3, 0, 0, 0, 1),
    'magic number 0x00000d03; expected 0x00000802 or 0x00000803. Check that this is an IDX file of unsigned bytes.'
  ],
  ['a file cut short', images.subarray(0, -1), '23 bytes; expected 24 by its header. Fetch the file again.'],
  [
    'a file that is too long',
    Buffer.concat([images, images]),
    '48 bytes; expected 24 by its header. Fetch the file again.'
  ],
  ['a header cut short', images.subarray(0, 10), '10 bytes; expected at least 16 by its header. Fetch the file again.'],
  ['no header', images.subarray(0, 3), '3 bytes; expected at least 12 by its header. Fetch the file again.'],
  [
    'a header that claims too much',
    idxBytes([2 ** 32 - 1, 2 ** 32 - 1, 1], []),
    'the header claims 4294967295 x ' + '4294967295 x 1 bytes; expected between 1 and 2147483647. Fetch the file again.'
  ],
  [
    'a header that claims nothing',
    idxBytes([0, 2, 1], []),
    'the header claims 0 x 2 x 1 bytes; expected between 1 and 2147483647. Fetch the file again.'
  ]
]
for (const [name, content, message] of faults) {
  idx(`refuses ${name}`, () => {
    const path = folder.write('faulty', content)
    throwsExactly(() => useIdx(path, [2, 3], file => file.shape), InvalidDataError, `${path}: ${message}`)
  })
}

idx('refuses a packed file that is cut short, and one that is not there', () => {
  const message = 'the file cannot be read or unpacked; expected an IDX file. Check the path, or fetch it again.'
  const packed = folder.write('faulty.gz', gzipSync(images).subarray(0, -9))
  throwsExactly(() => useIdx(packed, [3], file => file.shape), InvalidDataError, `${packed}: ${message}`)
  const absent = join(folder.path, 'absent')
  throwsExactly(() => useIdx(absent, [3], file => file.shape), InvalidDataError, `${absent}: ${message}`)
})

idx('refuses a row that does not exist', () => {
  const path = folder.write('images', images)
  for (const row of [4, -1, 0.5]) {
    throwsExactly(
      () => useIdx(path, [3], file => file.readRows([0, row])),
      InvalidParametersError,
      `row ${row} of ${path} does not exist; expected one below 4.`
    )
  }
})

idx.run()
