import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { letGarbageGrow, ownBytes } from '../../learning/compression/own-bytes.js'

const bytes = suite('ownBytes')
const part = 16_384
const partsOfBlock = 4
const megabyte = 1024 * 1024

/** So many blocks, filled with parts. */
function blocks(count: number): ArrayBufferLike[] {
  ownBytes(new Uint8Array(1), 1)
  const filled = new Set<ArrayBufferLike>()
  for (let parts = 0; parts < count * partsOfBlock;) {
    const { buffer, byteOffset } = ownBytes(new Uint8Array(part), part)
    if (filled.size === 0 && byteOffset !== 0) continue
    filled.add(buffer)
    parts++
  }
  return [...filled]
}

function countedOf(buffers: readonly ArrayBufferLike[]): number {
  return buffers.filter(buffer => buffer instanceof ArrayBuffer).length
}

bytes('are a copy that nothing changes any more', () => {
  const source = Uint8Array.from([1, 2, 3, 4])
  const first = ownBytes(source, 3)
  source.fill(9)
  const second = ownBytes(source, 4)
  assert.equal(first, Uint8Array.of(1, 2, 3))
  assert.equal(second, Uint8Array.of(9, 9, 9, 9))
})

bytes('are counted by the collector, all of them unless garbage may grow for somebody', () => {
  assert.is(countedOf(blocks(12)), 12)
  const stopOne = letGarbageGrow(192 * megabyte)
  assert.is(countedOf(blocks(12)), 4)
  const stopOther = letGarbageGrow(192 * megabyte)
  assert.is(countedOf(blocks(12)), 2)
  stopOne()
  assert.is(countedOf(blocks(12)), 4)
  stopOther()
  const stopLittle = letGarbageGrow(megabyte)
  assert.is(countedOf(blocks(12)), 12)
  stopLittle()
})

bytes.run()
