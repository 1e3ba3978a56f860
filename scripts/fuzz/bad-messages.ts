import type { Rng } from '../../learning/rng.js'

type Mutate = (valid: Uint8Array, other: Uint8Array, maxBytes: number, rng: Rng) => Uint8Array

const MOST_CHANGES = 8
const EXTREMES = [0x00, 0x01, 0x7f, 0x80, 0xff]

/** What can be wrong with a message, each as likely as any other. */
const mutations: readonly Mutate[] = [
  function flippedBits(valid, _, __, rng) {
    const bytes = valid.slice()
    for (let left = 1 + rng.integer(MOST_CHANGES); left > 0; left--)
      bytes[rng.integer(bytes.length)] ^= 1 << rng.integer(8)
    return bytes
  },
  function extremeBytes(valid, _, __, rng) {
    const bytes = valid.slice()
    const from = rng.integer(bytes.length)
    return bytes.fill(EXTREMES[rng.integer(EXTREMES.length)], from, from + 1 + rng.integer(MOST_CHANGES))
  },
  function largeNumber(valid, _, __, rng) {
    const bytes = valid.slice()
    const number = rng.uint32() >>> rng.integer(32)
    const from = rng.integer(bytes.length)
    for (let i = 0; i < 4 && from + i < bytes.length; i++) bytes[from + i] = number >>> (8 * i)
    return bytes
  },
  (valid, _, __, rng) => valid.slice(0, rng.integer(valid.length)),
  (valid, _, __, rng) => followedBy(valid, randomBytes(1 + rng.integer(MOST_CHANGES), rng)),
  (valid, other, _, rng) =>
    followedBy(valid.subarray(0, rng.integer(valid.length)), other.subarray(rng.integer(other.length))),
  (_, __, maxBytes, rng) => randomBytes(rng.integer(maxBytes + 1), rng),
  function anotherForm(valid, _, __, rng) {
    const bytes = valid.slice()
    bytes[0] = rng.integer(32)
    return bytes
  },
  (valid, _, maxBytes, rng) => followedBy(valid, new Uint8Array(maxBytes + 1 + rng.integer(64) - valid.length)),
  valid => valid
]

/**
 * @param valid - a message of the compressor, not modified; and another one of it
 * @param maxBytes - of the compressor
 */
export function badMessage(valid: Uint8Array, other: Uint8Array, maxBytes: number, rng: Rng): Uint8Array {
  if (valid.length === 0) return randomBytes(rng.integer(MOST_CHANGES), rng)
  return mutations[rng.integer(mutations.length)](valid, other, maxBytes, rng)
}

function followedBy(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length)
  bytes.set(first)
  bytes.set(second, first.length)
  return bytes
}

function randomBytes(length: number, rng: Rng): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = rng.uint32()
  return bytes
}
