import { MalformedUpdateError } from '../errors.js'

/** What a node changed in one round, compressed: with version numbers, each origin's are added once and in order. */
export interface Increment {
  /** Who made it. */
  readonly origin: number
  /** From 1 on, without gaps. */
  readonly version: number
  /** Of its origin, in which it was made. */
  readonly round: number
  /** It counts for one of so many nodes. */
  readonly nodes: number
  /** A vector, encoded by the task's compressor. */
  readonly payload: Uint8Array
}

/** What the sender has heard from an origin. */
export interface VectorEntry {
  readonly origin: number
  readonly version: number
  /** Whether the receiver shall send what comes after. */
  readonly wanted: boolean
}

/** The payload of a message between neighbours. */
export interface IncrementsMessage {
  /** Hash of the model that the increments are added to. */
  readonly lineage: number
  /** Increments and rounds that have made the model, in all. */
  readonly progress: number
  /** The latest round of the receiver's from which the sender has had a message; 0: none. */
  readonly acknowledged: number
  /** Whether the receiver shall send a snapshot. */
  readonly asks: boolean
  /** Whether this answers a message: it may follow another of the same round. */
  readonly answers: boolean
  /** The sender itself comes first. No origin is there twice. */
  readonly vector: readonly VectorEntry[]
  /** Of origins in the vector. */
  readonly increments: readonly Increment[]
  /** The sender's common model as of `vector`: little-endian float32. */
  readonly snapshot?: Uint8Array
}

/** The most origins of a vector and increments of a message. */
export const MAX_ORIGINS = 4096
export const MAX_INCREMENTS = 1024

/** A varint of 32 bits. */
const LONGEST_VARINT = 5
/** The longest that a message is, but for its increments' payloads and its snapshot. */
export const MAX_OVERHEAD =
  1 + 4 + 4 * LONGEST_VARINT + MAX_ORIGINS * (4 + LONGEST_VARINT) + MAX_INCREMENTS * 5 * LONGEST_VARINT
const LARGEST_VERSION = 2 ** 31 - 1

const FORMAT = 0x48
const ASKS = 1
const SNAPSHOT = 2
const ANSWERS = 4

/**
 * Wire: a byte of flags; the lineage, 4 bytes; progress, acknowledged round and number of origins; for each its 4 bytes and 2 * version + wanted;
 * the number of increments; for each the place of its origin in the vector, how many versions it is behind the vector, round,
 * nodes and length; then the increments, or the snapshot. Little-endian; numbers without a length are varints of 7 bits a byte.
 */
export function encodeIncrements(message: IncrementsMessage): Uint8Array {
  const { lineage, progress, acknowledged, asks, answers, vector, increments, snapshot } = message
  const flags = (asks ? ASKS : 0) | (answers ? ANSWERS : 0) | (snapshot === undefined ? 0 : SNAPSHOT)
  const head: number[] = [FORMAT | flags]
  put32(head, lineage)
  putVarint(head, progress)
  putVarint(head, acknowledged)
  putVarint(head, vector.length)
  const places = new Map<number, number>()
  for (const [place, { origin, version, wanted }] of vector.entries()) {
    places.set(origin, place)
    put32(head, origin)
    putVarint(head, 2 * version + Number(wanted))
  }
  putVarint(head, increments.length)
  for (const { origin, version, round, nodes, payload } of increments) {
    const place = places.get(origin)!
    putVarint(head, place)
    putVarint(head, vector[place].version - version)
    putVarint(head, round)
    putVarint(head, nodes)
    putVarint(head, payload.length)
  }
  const parts = [Uint8Array.from(head), ...increments.map(({ payload }) => payload)]
  return concat(snapshot === undefined ? parts : [...parts, snapshot])
}

/**
 * @param bytes - of a peer: hostile until checked
 * @returns payloads and snapshot are copies
 * @throws MalformedUpdateError
 */
export function decodeIncrements(bytes: Uint8Array): IncrementsMessage {
  const reader = new Reader(bytes)
  const flags = reader.byte()
  if ((flags & ~(ASKS | ANSWERS | SNAPSHOT)) !== FORMAT)
    throw new MalformedUpdateError(`increments of the unknown form ${flags}`)
  const lineage = reader.uint32()
  const progress = reader.varint(2 ** 32 - 1)
  const acknowledged = reader.varint(2 ** 32 - 1)
  const vector = readVector(reader)
  const increments = readIncrements(reader, vector)
  const asks = (flags & ASKS) !== 0
  const answers = (flags & ANSWERS) !== 0
  if ((flags & SNAPSHOT) !== 0) {
    return { lineage, progress, acknowledged, asks, answers, vector, increments, snapshot: reader.take(reader.left) }
  }
  if (reader.left > 0) throw new MalformedUpdateError(`${reader.left} bytes after the increments`)
  return { lineage, progress, acknowledged, asks, answers, vector, increments }
}

/** Whether a payload says that it answers a message; it may be anything. */
export function isAnswer(payload: Uint8Array): boolean {
  return payload.length > 0 && (payload[0] & ANSWERS) !== 0
}

function readVector(reader: Reader): VectorEntry[] {
  const count = reader.varint(MAX_ORIGINS)
  const origins = new Set<number>()
  const vector: VectorEntry[] = []
  while (vector.length < count) {
    const origin = reader.uint32()
    const coded = reader.varint(2 * LARGEST_VERSION + 1)
    origins.add(origin)
    vector.push({ origin, version: Math.floor(coded / 2), wanted: coded % 2 === 1 })
  }
  if (count > 0 && origins.size === count) return vector
  throw new MalformedUpdateError(`a vector of ${count} versions from ${origins.size} origins`)
}

function readIncrements(reader: Reader, vector: readonly VectorEntry[]): Increment[] {
  const heads = Array.from({ length: reader.varint(MAX_INCREMENTS) }, () => {
    const entry = vector[reader.varint(vector.length - 1)]
    const version = entry.version - reader.varint(LARGEST_VERSION)
    const round = reader.varint(2 ** 32 - 1)
    const nodes = reader.varint(LARGEST_VERSION)
    if (version < 1 || nodes < 1) throw new MalformedUpdateError(`increment ${version} for one of ${nodes} nodes`)
    return { origin: entry.origin, version, round, nodes, bytes: reader.varint(LARGEST_VERSION) }
  })
  return heads.map(({ bytes, ...rest }) => ({ ...rest, payload: reader.take(bytes) }))
}

class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  byte(): number {
    if (this.left < 1) throw new MalformedUpdateError(`a message of increments cut short after ${this.#at} bytes`)
    return this.#bytes[this.#at++]
  }

  uint32(): number {
    return (this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24)) >>> 0
  }

  varint(most: number): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (value > most || scale >= 2 ** 35)
        throw new MalformedUpdateError(`${value} where at most ${most} was expected`)
      if (byte < 0x80) return value
    }
  }

  take(length: number): Uint8Array {
    if (length > this.left) throw new MalformedUpdateError(`${length} bytes announced where ${this.left} are left`)
    return this.#bytes.slice(this.#at, (this.#at += length))
  }
}

function put32(bytes: number[], value: number): void {
  bytes.push(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24)
}

function putVarint(bytes: number[], value: number): void {
  let left = value
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80)
  bytes.push(left)
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
