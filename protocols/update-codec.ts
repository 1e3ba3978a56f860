import type { Uint8ArrayList } from 'uint8arraylist'
import type { Update, UpdateKind } from '../learning/averaging/averaging.js'
import { checksumOf, decodeFrame, readPayload, toChunks, varintBytes } from './framing.js'
import { Kind, UpdateHeader } from './messages.js'
import { ProtocolError } from './errors.js'
import type { MemoryQuota } from './quota.js'

const kindOnWire: Record<UpdateKind, Kind> = { model: Kind.MODEL, offer: Kind.OFFER, answer: Kind.ANSWER }
const kindFromWire: Partial<Record<Kind, UpdateKind>> = { MODEL: 'model', OFFER: 'offer', ANSWER: 'answer' }

/** The frame that says nothing but that its sender is there. */
export const signOfLife = UpdateHeader.encode({ kind: Kind.ALIVE, round: 0, bytes: 0, checksum: 0 })

/** Of payloads that were sent: most go to several neighbours, and nobody changes them. */
const checksums = new WeakMap<Uint8Array, number>()

/** One update as frames, before their length prefixes: a header, then the payload in chunks. */
export function* encodeUpdate(update: Update): Generator<Uint8Array> {
  const { payload } = update
  const checksum = checksums.get(payload) ?? checksumOf(payload)
  checksums.set(payload, checksum)
  yield encodeHeader(update, checksum)
  yield* toChunks(payload)
}

/** The frame before an update's payload. Its length does not depend on the checksum, unless that is 0. */
export function encodeHeader({ kind, round, payload, copy }: Update, checksum: number): Uint8Array {
  const copyOnWire = copy && { ...copy, parts: [...copy.parts] }
  return UpdateHeader.encode({ kind: kindOnWire[kind], round, bytes: payload.byteLength, checksum, copy: copyOnWire })
}

/** How long `encodeHeader` makes an update's header, checksum included, without encoding it. */
export function headerBytes({ kind, round, payload, copy }: Update): number {
  let bytes = fixedField
  // What is 0 is left out.
  if (kindOnWire[kind] !== Kind.MODEL) bytes += varintField(1)
  if (round !== 0) bytes += varintField(round)
  if (payload.byteLength !== 0) bytes += varintField(payload.byteLength)
  if (copy === undefined) return bytes
  let copyBytes = (copy.version === 0 ? 0 : fixedField) + (copy.held === 0 ? 0 : fixedField)
  for (const part of copy.parts) copyBytes += varintField(part)
  return bytes + varintField(copyBytes) + copyBytes
}

/** A tag and 32 bits. */
const fixedField = 1 + 4

/** A tag and a number. */
function varintField(value: number): number {
  return 1 + varintBytes(value)
}

/**
 * Read one update.
 *
 * @param frame - its header
 * @param frames - what a peer sends, length prefixes removed; hostile until checked
 * @param maxBytes - longest payload that the task's strategy and compressor can produce
 * @param quota - what may be held for all that is on its way. @default as much as they like
 * @returns undefined for a sign of life
 * @throws ProtocolError when it breaks the protocol; nothing after it can be trusted
 */
export async function decodeUpdate(
  frame: Uint8ArrayList,
  frames: AsyncIterator<Uint8ArrayList>,
  maxBytes: number,
  quota?: MemoryQuota
): Promise<Update | undefined> {
  const header = decodeFrame(UpdateHeader, frame, 'update header')
  if (header.kind === Kind.ALIVE) return undefined
  const kind = kindFromWire[header.kind]
  if (kind === undefined) throw new ProtocolError('update of an unknown kind')
  const { round, copy } = header
  const payload = await readPayload(frames, header, maxBytes, quota)
  return copy === undefined ? { kind, round, payload } : { kind, round, payload, copy }
}
