/**
 * A seeded source of randomness. Same seed, same numbers, on every machine.
 *
 * Not for cryptography.
 */
export interface Rng {
  /** A whole number, uniform in [0, 2^32). */
  uint32(): number
  /** Uniform in [0, 1), 24 random bits (exact in float32). */
  uniform(): number
  /** A whole number, uniform in [0, bound). */
  integer(bound: number): number
  /** Standard normal, mean 0 and variance 1. */
  normal(): number
  /**
   * An independent stream named by `label`. It depends on this stream's name alone, not on how much of it was used.
   */
  fork(label: string | number): Rng
}

/** Source: Blackman, Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM TOMS 2021 (xoshiro128**). */
class Xoshiro128 implements Rng {
  /** Four hashes of the stream's name, before they are mixed. Fields, for a list would be two more objects for each stream. */
  readonly #nameA: number
  readonly #nameB: number
  readonly #nameC: number
  readonly #nameD: number
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(name: Readonly<Words>) {
    this.#nameA = name[0]
    this.#nameB = name[1]
    this.#nameC = name[2]
    this.#nameD = name[3]
    this.#a = mix32(name[0])
    this.#b = mix32(name[1])
    this.#c = mix32(name[2])
    this.#d = mix32(name[3]) | 1 // the all-zero state is the one that never leaves itself
  }

  uint32(): number {
    const scrambled = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9)
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = rotateLeft(this.#d, 11)
    return scrambled >>> 0
  }

  uniform(): number {
    return (this.uint32() >>> 8) / 0x1000000
  }

  integer(bound: number): number {
    // Rejection keeps it unbiased; for the bounds used here it almost never repeats.
    const limit = 0x100000000 - (0x100000000 % bound)
    let drawn = this.uint32()
    while (drawn >= limit) drawn = this.uint32()
    return drawn % bound
  }

  normal(): number {
    // Box-Muller; 1 - u keeps the logarithm finite.
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()))
    return radius * Math.cos(2 * Math.PI * this.uniform())
  }

  fork(label: string | number): Rng {
    const text = String(label)
    const name: Words = [this.#nameA, this.#nameB, this.#nameC, this.#nameD]
    // The length keeps fork('a').fork('b') apart from fork('a/b').
    extend(name, '/')
    extend(name, String(text.length))
    extend(name, ':')
    extend(name, text)
    return new Xoshiro128(name)
  }
}

/** @param seed - any number or string; two different ones give unrelated streams */
export function createRng(seed: number | string): Rng {
  return new Xoshiro128(extend([0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35], String(seed)))
}

/** Shuffle `items` in place (Fisher-Yates). */
export function shuffle<T extends { length: number; [index: number]: unknown }>(items: T, rng: Rng): T {
  for (let i = items.length - 1; i > 0; i--) {
    const j = rng.integer(i + 1)
    const held = items[i]
    items[i] = items[j]
    items[j] = held
  }
  return items
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

type Words = [number, number, number, number]

/** Four 32-bit hashes of a text that goes on, changed: FNV-1a with four offsets, to be finished by `mix32`. */
function extend(words: Words, text: string): Words {
  // Not destructured, which would make an iterator for each of the many streams that are forked.
  let a = words[0]
  let b = words[1]
  let c = words[2]
  let d = words[3]
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x01000193)
    b = Math.imul(b ^ (unit + 0x1000), 0x01000193)
    c = Math.imul(c ^ (unit + 0x2000), 0x01000193)
    d = Math.imul(d ^ (unit + 0x3000), 0x01000193)
  }
  words[0] = a
  words[1] = b
  words[2] = c
  words[3] = d
  return words
}

/** The finish of MurmurHash3. */
function mix32(value: number): number {
  value ^= value >>> 16
  value = Math.imul(value, 0x85ebca6b)
  value ^= value >>> 13
  value = Math.imul(value, 0xc2b2ae35)
  return value ^ (value >>> 16)
}
