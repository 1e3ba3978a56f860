import { Uint8ArrayList } from 'uint8arraylist'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Update } from '../../learning/averaging/averaging.js'
import { createRng } from '../../learning/rng.js'
import { ProtocolError } from '../../protocols/errors.js'
import {
  checksumOf,
  chunkBytes,
  fromFrames,
  maxFrameBytes,
  maxWriteBytes,
  nextFrame,
  readPayload,
  toFrames,
  toWrites
} from '../../protocols/framing.js'
import { Kind, UpdateHeader } from '../../protocols/messages.js'
import { decodeUpdate, encodeHeader, encodeUpdate, headerBytes, signOfLife } from '../../protocols/update-codec.js'
import { flipBytes, framed, randomBytes, rejection, sampleUpdate } from './fixtures.js'

const maxBytes = 4 * 1024 * 1024

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

async function decodeAll(bytes: Uint8Array, pieceBytes = 65_536, limit = maxBytes): Promise<Update[]> {
  const frames = fromFrames(pieces(bytes, pieceBytes))
  const updates: Update[] = []
  for (;;) {
    const frame = await nextFrame(frames)
    if (frame === undefined) return updates
    const update = await decodeUpdate(frame, frames, limit)
    if (update !== undefined) updates.push(update)
  }
}

async function wire(...updates: readonly Update[]): Promise<Uint8Array> {
  const list = new Uint8ArrayList()
  for await (const frame of toFrames(updates.flatMap(update => [...encodeUpdate(update)]))) list.append(frame)
  return list.subarray()
}

const codec = suite('update codec')

codec('reads back what it wrote, whatever the size', async () => {
  for (const bytes of [0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 5 * chunkBytes + 7]) {
    const update = sampleUpdate(bytes, 0xffffffff)
    const [read, ...more] = await decodeAll(await wire(update))
    assert.equal([read.kind, read.round, more.length], ['model', 0xffffffff, 0], `${bytes} bytes`)
    assert.is(Buffer.compare(read.payload, update.payload), 0, `${bytes} bytes`)
  }
})

codec('tells a sign of life from the shortest update', async () => {
  const shortest: Update = { kind: 'model', round: 0, payload: new Uint8Array(0) }
  const bytes = Buffer.concat([framed(signOfLife), await wire(shortest), framed(signOfLife)])
  assert.equal(await decodeAll(bytes), [shortest])
})

codec('reads several updates of every kind, however the bytes are cut', async () => {
  const kinds = ['model', 'offer', 'answer'] as const
  const updates = kinds.map((kind, round) => ({ kind, round, payload: randomBytes(300, kind) }))
  const bytes = await wire(...updates)
  for (const size of [1, 2, 7, 100, bytes.length]) {
    assert.equal(await decodeAll(bytes, size), updates, `pieces of ${size} bytes`)
  }
})

codec('brings the header of public copies along', async () => {
  for (const parts of [[], [50], Array.from({ length: 64 }, (_, i) => i)]) {
    const update: Update = { ...sampleUpdate(50), copy: { version: 0xffffffff, held: 0, parts } }
    assert.equal(
      await decodeAll(await wire(update, sampleUpdate(3))),
      [update, sampleUpdate(3)],
      `${parts.length} parts`
    )
  }
})

codec('hands out memory of its own', async () => {
  const bytes = await wire(sampleUpdate(100))
  const [{ payload }] = await decodeAll(bytes)
  bytes.fill(0)
  assert.equal(payload, sampleUpdate(100).payload)
  assert.is(payload.buffer.byteLength, 100)
})

const payload = Uint8Array.of(1, 2, 3)
const header = { kind: Kind.MODEL, round: 1, bytes: 3, checksum: checksumOf(payload) }
const broken: [what: string, bytes: Uint8Array, message: RegExp][] = [
  ['a wrong checksum', framed(UpdateHeader.encode({ ...header, checksum: 1 }), payload), /checksum of the payload/],
  ['a payload cut short', framed(UpdateHeader.encode(header), payload.subarray(1)), /cut short after 2 of 3 bytes/],
  ['a chunk too long', framed(UpdateHeader.encode(header), Uint8Array.of(1, 2, 3, 4)), /chunk of 4 bytes where 1 to 3/],
  ['an empty chunk', framed(UpdateHeader.encode(header), new Uint8Array(0)), /chunk of 0 bytes/],
  ['a frame cut short', framed(UpdateHeader.encode(header), payload).subarray(0, -1), /broken frame/],
  ['a header that is none', framed(Uint8Array.of(0xff)), /no update header/],
  [
    'a public copy of too many parts',
    framed(
      UpdateHeader.encode({ ...header, copy: { version: 1, held: 1, parts: Array<number>(65).fill(1) } }),
      payload
    ),
    /no update header/
  ],
  ['an unknown kind', framed(Uint8Array.of(0x08, 0x07)), /kind|no update header/]
]

codec('refuses what is broken, saying how', async () => {
  assert.is((await decodeAll(framed(UpdateHeader.encode(header), payload))).length, 1, 'the unbroken one')
  for (const [what, bytes, message] of broken) {
    const error = await rejection(decodeAll(bytes), what)
    assert.instance(error, ProtocolError, `${what}: ${error.message}`)
    assert.match(error.message, message, what)
  }
})

codec('refuses an announcement above the limit before it takes memory for it', async () => {
  const before = process.memoryUsage().arrayBuffers
  for (const bytes of [0xffffffff, 101]) {
    const frame = framed(UpdateHeader.encode({ ...header, bytes }))
    const error = await rejection(decodeAll(frame, 1000, 100), `${bytes} bytes`)
    assert.instance(error, ProtocolError)
    assert.is(error.message, `payload of ${bytes} bytes announced; at most 100 expected`)
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 16 * 1024 * 1024)
  assert.is((await decodeAll(framed(UpdateHeader.encode(header), payload), 1000, 3)).length, 1, 'at the limit')
})

codec('refuses frames above 1 MiB, in both directions', async () => {
  const longest = framed(new Uint8Array(maxFrameBytes))
  for await (const frame of fromFrames(pieces(longest, 65_536))) assert.is(frame.byteLength, maxFrameBytes)
  const tooLong = framed(new Uint8Array(maxFrameBytes + 1))
  const reading = fromFrames(pieces(tooLong.subarray(0, 100), 50)).next()
  assert.instance(await rejection(reading, 'reading a long frame'), ProtocolError)
  await rejection(toFrames([new Uint8Array(maxFrameBytes + 1)]).next(), 'writing a long frame')
})

codec('puts the frames of an update into few writes, without changing a byte', async () => {
  for (const bytes of [0, 1, 60_000, maxWriteBytes - 100, maxWriteBytes, chunkBytes, 407_080, 5 * chunkBytes + 7]) {
    const update = sampleUpdate(bytes)
    const writes = [...toWrites(encodeUpdate(update))]
    const all = new Uint8ArrayList(...writes).subarray()
    assert.is(Buffer.compare(all, await wire(update)), 0, `${bytes} bytes`)
    const full = writes.filter(({ byteLength }) => byteLength === maxWriteBytes).length
    assert.is(full, Math.floor(all.length / maxWriteBytes), `${bytes} bytes`)
    assert.is(writes.length, Math.ceil(all.length / maxWriteBytes), `${bytes} bytes`)
  }
  await rejection((async () => [...toWrites([new Uint8Array(maxFrameBytes + 1)])])(), 'writing a long frame')
})

codec('passes on what broke the stream as it is', async () => {
  const lost = new Error('connection lost')
  async function* source(): AsyncGenerator<Uint8Array> {
    yield framed(UpdateHeader.encode(header))
    throw lost
  }
  const frames = fromFrames(source())
  const frame = await nextFrame(frames)
  assert.is(await rejection(decodeUpdate(frame!, frames, maxBytes), 'reading'), lost)
})

codec('makes an update or a ProtocolError of any bytes', async () => {
  const rng = createRng('fuzz')
  const copy = { version: 1, held: 2, parts: [25, 25] }
  const valid = await wire({ ...sampleUpdate(50, 3), copy }, { kind: 'offer', round: 4, payload: randomBytes(20) })
  let [accepted, refused] = [0, 0]
  for (let round = 0; round < 4000; round++) {
    const keep = valid.length - rng.integer(2) * rng.integer(100)
    const bytes = rng.integer(4) === 0 ? randomBytes(rng.integer(120), `fuzz ${round}`) : valid.slice(0, keep)
    flipBytes(bytes, rng.integer(4), rng)
    try {
      for (const update of await decodeAll(bytes, 1 + rng.integer(64), 1000)) {
        assert.ok(update.payload.length <= 1000 && Number.isInteger(update.round), `round ${round}`)
        accepted++
      }
    } catch (error) {
      assert.instance(error, ProtocolError, `round ${round}: ${String(error)}`)
      refused++
    }
  }
  assert.ok(accepted > 100 && refused > 100, `${accepted} accepted, ${refused} refused`)
})

codec('reads exactly what was announced of a payload', async () => {
  const frames = fromFrames(pieces(framed(payload, Uint8Array.of(9)), 2))
  assert.equal(await readPayload(frames, { bytes: 3, checksum: checksumOf(payload) }, 3), payload)
  assert.equal((await nextFrame(frames))?.subarray(), Uint8Array.of(9), 'what follows is left alone')
})

codec('tells the length of a header without encoding it', () => {
  const rng = createRng('headers')
  // Any number of bits, and often 0, which is left out.
  const draw = (bits: number): number => (rng.integer(8) === 0 ? 0 : rng.uint32() >>> (32 - rng.integer(bits) - 1))
  for (let i = 0; i < 2000; i++) {
    const parts = Array.from({ length: rng.integer(65) }, () => draw(32))
    const copy = rng.integer(2) === 0 ? undefined : { version: draw(32), held: draw(32), parts }
    const kind = (['model', 'offer', 'answer'] as const)[rng.integer(3)]
    const update: Update = { kind, round: draw(32), payload: new Uint8Array(draw(20)), copy }
    const encoded = encodeHeader(update, 1).byteLength
    assert.is(headerBytes(update), encoded, `${JSON.stringify({ ...update, payload: update.payload.byteLength })}`)
  }
})

codec.run()
