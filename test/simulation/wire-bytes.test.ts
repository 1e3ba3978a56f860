import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Update } from '../../learning/averaging/averaging.js'
import { chunkBytes, toFrames } from '../../protocols/framing.js'
import { encodeUpdate } from '../../protocols/update-codec.js'
import { wireBytes } from '../../simulation/wire-bytes.js'

const bytes = suite('wireBytes')

bytes('counts what a device puts on a stream', async () => {
  for (const length of [0, 1, 127, 128, 16_383, 16_384, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3 * chunkBytes]) {
    const update: Update = { kind: 'offer', round: length, payload: new Uint8Array(length).fill(1) }
    let sent = 0
    for await (const frame of toFrames(encodeUpdate(update))) sent += frame.byteLength
    // The checksum of nothing is 0, which a header leaves out.
    assert.is(wireBytes(update), length === 0 ? sent + 5 : sent, `payload of ${length} bytes`)
  }
})

bytes.run()
