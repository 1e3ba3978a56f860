import { crc32 } from 'node:zlib'
import { decode, encode } from 'it-length-prefixed'
import { Uint8ArrayList } from 'uint8arraylist'
import { ProtocolError } from './errors.js'
import { MemoryQuota } from './quota.js'

type Bytes = Uint8Array | Uint8ArrayList

/** No frame is longer than this, whatever its length prefix says. */
export const maxFrameBytes = 1024 * 1024
/** Payloads travel in frames of this many bytes: the fastest size measured over noise and yamux on loopback. */
export const chunkBytes = 256 * 1024

/**
 * What one message of the cipher carries at most: with its length, of 2 bytes, and its tag, of 16, it fills one of Node's reads from
 * a socket, 64 KiB, to the last byte. The cipher would take a byte more, but every message would then end in the read after its
 * own, and its parts be put together anew before they are deciphered.
 */
export const maxSealedBytes = 65_536 - 2 - 16

/**
 * What one write carries at most: with the muxer's header it fills eight messages of the cipher, half the muxer's largest window, so
 * that the next is on its way before the peer has answered that it read this one.
 */
export const maxWriteBytes = 8 * maxSealedBytes - 12

/**
 * Put a length before every frame, and frames that belong together into as few writes as hold them: every write costs a header of
 * muxer and cipher, a wake-up of the peer, and its answer that it has read it.
 */
export function* toWrites(frames: Iterable<Uint8Array>): Generator<Uint8ArrayList> {
  const unsent = new Uint8ArrayList()
  for (const frame of frames) {
    unsent.append(encode.single(frame, { maxDataLength: maxFrameBytes }))
    while (unsent.byteLength >= maxWriteBytes) {
      yield unsent.sublist(0, maxWriteBytes)
      unsent.consume(maxWriteBytes)
    }
  }
  if (unsent.byteLength > 0) yield unsent
}

/** Put a length before every frame. Both leave in one piece: every write costs a header of muxer and cipher. */
export async function* toFrames(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
): AsyncGenerator<Uint8ArrayList> {
  for await (const frame of source) yield encode.single(frame, { maxDataLength: maxFrameBytes })
}

/** @throws ProtocolError when a length prefix is above `maxFrameBytes`, before anything is kept for it */
export async function* fromFrames(source: AsyncIterable<Bytes>): AsyncGenerator<Uint8ArrayList> {
  try {
    yield* decode(source, { maxDataLength: maxFrameBytes })
  } catch (cause) {
    // The library names its own findings so; everything else is the stream's end.
    const found = cause instanceof Error && /^Invalid.*LengthError$|^UnexpectedEOFError$/.test(cause.name)
    throw found ? new ProtocolError(`broken frame: ${cause.message}`, 'malformed', { cause }) : cause
  }
}

/** Cut a payload into frames. The chunks are views of `payload`. */
export function* toChunks(payload: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < payload.byteLength; start += chunkBytes) {
    yield payload.subarray(start, start + chunkBytes)
  }
}

/** How many bytes a whole number takes as a varint, 7 bits each. @param value - below 2^32 */
export function varintBytes(value: number): number {
  let bytes = 1
  for (let left = value >>> 7; left > 0; left >>>= 7) bytes++
  return bytes
}

/** CRC-32 (IEEE) of a payload. It finds accidents; what finds forgeries is the encrypted connection. */
export function checksumOf(payload: Uint8Array): number {
  return crc32(payload)
}

/**
 * Read the chunks of one payload into memory of its own.
 *
 * @param expected - what its header announced
 * @param maxBytes - refused above this, before anything is allocated
 * @param quota - what may be held for all that is on its way. @default as much as they like
 * @throws ProtocolError when it is too long, cut short, overlong or damaged
 */
export async function readPayload(
  frames: AsyncIterator<Uint8ArrayList>,
  expected: { readonly bytes: number; readonly checksum: number },
  maxBytes: number,
  quota: MemoryQuota = new MemoryQuota(Infinity)
): Promise<Uint8Array> {
  if (expected.bytes > maxBytes) {
    throw new ProtocolError(`payload of ${expected.bytes} bytes announced; at most ${maxBytes} expected`)
  }
  const release = quota.reserve(expected.bytes)
  try {
    // Not cleared first: whoever gets it gets it full.
    const payload = new Uint8Array(Buffer.allocUnsafeSlow(expected.bytes).buffer)
    return await fill(payload, frames, expected.checksum)
  } finally {
    release()
  }
}

async function fill(payload: Uint8Array, frames: AsyncIterator<Uint8ArrayList>, checksum: number): Promise<Uint8Array> {
  let filled = 0
  while (filled < payload.byteLength) {
    const chunk = await nextFrame(frames)
    if (chunk === undefined) throw new ProtocolError(`payload cut short after ${filled} of ${payload.byteLength} bytes`)
    const missing = payload.byteLength - filled
    if (chunk.byteLength === 0 || chunk.byteLength > missing) {
      throw new ProtocolError(`chunk of ${chunk.byteLength} bytes where 1 to ${missing} were expected`)
    }
    for (const part of chunk) {
      payload.set(part, filled)
      filled += part.byteLength
    }
  }
  if (checksumOf(payload) !== checksum) {
    throw new ProtocolError('checksum of the payload does not match its header')
  }
  return payload
}

/** The next frame, or undefined when the peer has closed its side. */
export async function nextFrame(frames: AsyncIterator<Uint8ArrayList>): Promise<Uint8ArrayList | undefined> {
  const next: IteratorResult<Uint8ArrayList, unknown> = await frames.next()
  return next.done === true ? undefined : next.value
}

/**
 * Decode a protobuf frame.
 *
 * @throws ProtocolError when it is none
 */
export function decodeFrame<T>(codec: { decode(bytes: Bytes): T }, frame: Uint8ArrayList | undefined, what: string): T {
  if (frame === undefined) throw new ProtocolError(`stream ended where ${what} was expected`)
  try {
    return codec.decode(frame)
  } catch (cause) {
    throw new ProtocolError(`frame of ${frame.byteLength} bytes is no ${what}`, 'malformed', { cause })
  }
}
