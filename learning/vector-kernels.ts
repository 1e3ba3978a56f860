import { binary } from './kernels/binary.js'

/** An address in the memory of the kernels, in bytes. */
type Address = number

/** What `kernels/` exports; its doc comments say what the arguments are. */
interface Kernels {
  readonly allFinite: (values: Address, length: number) => number
  readonly addDifference: (x: Address, y: Address, base: Address, length: number) => void
  readonly moveTowards: (x: Address, weight: number, ours: Address, theirs: Address, length: number) => number
  readonly randomWords: (state: Address, target: Address, vectors: number) => void
  readonly packSigns: (values: Address, blocks: number, bytes: Address) => Address
  readonly quantize8: Quantize
  readonly quantize4: Quantize
  readonly quantize2: Quantize
  readonly dequantize8: Dequantize
  readonly dequantize4: Dequantize
  readonly dequantize2: Dequantize
}

export type Quantize = (
  values: Address,
  blocks: number,
  scales: Address,
  codes: Address,
  random: Address,
  largestUnit: number
) => void

export type Dequantize = (
  scales: Address,
  codes: Address,
  blocks: number,
  values: Address,
  largestUnit: number
) => number

/** Vectors pass through the kernels in tiles of so many values: small enough for the caches nearest to the processor. */
export const TILE_LENGTH = 8192

const PAGE_BYTES = 65536
/** Values of a SIMD register. */
const LANES = 4
const tileBytes = 4 * TILE_LENGTH
const tiles = 9
const memory = new WebAssembly.Memory({ initial: Math.ceil((tiles * tileBytes) / PAGE_BYTES) })
/** Asked of the memory once: it never grows, and each asking is a call out of compiled code. */
const memoryBuffer = memory.buffer
const allFloats = new Float32Array(memoryBuffer)
let reserved = 0

/** Room for one tile in the memory of the kernels. What it holds means nothing between two calls. */
export class Tile {
  readonly address: Address
  readonly bytes: Uint8Array
  readonly #floats: Float32Array
  /** The view handed out last: of a vector, all tiles but the last one are alike. */
  #part: Float32Array

  constructor() {
    this.address = reserved
    reserved += tileBytes
    this.bytes = new Uint8Array(memoryBuffer, this.address, tileBytes)
    this.#floats = new Float32Array(memoryBuffer, this.address, TILE_LENGTH)
    this.#part = this.#floats
  }

  /** The first floats of the tile. */
  floats(length: number): Float32Array {
    if (length === TILE_LENGTH) return this.#floats
    if (this.#part.length !== length) this.#part = this.#floats.subarray(0, length)
    return this.#part
  }

  /** Copy a part of a vector into the tile, followed by zeros as `pad` says. */
  load(vector: Float32Array, from: number, length: number, multiple = LANES): void {
    this.#floats.set(part(vector, from, length))
    this.pad(length, multiple)
  }

  /** A vector that the kernels find where it lies, in this tile; one that is longer than a tile lies elsewhere. */
  vector(length: number): Float32Array {
    return length > TILE_LENGTH ? new Float32Array(length) : this.floats(length)
  }

  /** Where the kernels find a part of a vector, followed by zeros as `pad` says: where it lies, or else a copy here. */
  read(vector: Float32Array, from: number, length: number): Address {
    const address = addressOf(vector, from)
    if (address === undefined) this.load(vector, from, length)
    else pad(address, length, LANES)
    return address ?? this.address
  }

  /** Where the kernels may make a part of `result` out of that part of a vector, of which it is a copy; `write` ends it. */
  change(vector: Float32Array, result: Float32Array, from: number, length: number): Address {
    const address = addressOf(result, from)
    if (address === undefined) this.load(vector, from, length)
    else result.set(part(vector, from, length), from)
    return address ?? this.address
  }

  /** A part of `result` is made, where `change` said or, if it lies in the memory of the kernels, there. */
  write(result: Float32Array, from: number, length: number): void {
    if (addressOf(result, from) === undefined) this.save(length, result, from)
  }

  /** Fill with zeros from `length` up to a whole multiple of values: the kernels take no fewer at once. */
  pad(length: number, multiple = LANES): void {
    pad(this.address, length, multiple)
  }

  /** Copy the first values of the tile to a place in a vector, changing it. */
  save(length: number, vector: Float32Array, to: number): void {
    vector.set(this.floats(length), to)
  }
}

/** Tiles of all who use the kernels. No two that are used at once are the same. */
export const tile = {
  /** What is changed, or coded. */
  values: new Tile(),
  ours: new Tile(),
  theirs: new Tile(),
  /** Encoded. */
  bytes: new Tile(),
  scales: new Tile(),
  random: new Tile(),
  /** Of the generators of `randomWords`. */
  state: new Tile(),
  /** Of `Scratch`. */
  scratchOurs: new Tile(),
  scratchTheirs: new Tile()
} as const

export const kernels = instantiate()

/** Call for each tile of a vector, from its beginning to its end. */
export function eachTile(length: number, perform: (from: number, length: number) => void): void {
  for (let from = 0; from < length; from += TILE_LENGTH) perform(from, Math.min(TILE_LENGTH, length - from))
}

/** What `addressOf` found last in the memory of the kernels, and where: asking a vector for its buffer is a call out of compiled code. */
let found: Float32Array | undefined
let foundAt: Address = 0

/** Where a kernel may read or write a part of a tile's `floats` in place; undefined for a vector that lies elsewhere. */
export function addressOf(vector: Float32Array, from: number): Address | undefined {
  if (vector !== found) {
    if (vector.buffer !== memoryBuffer) return undefined
    found = vector
    foundAt = vector.byteOffset
  }
  return foundAt + 4 * from
}

function pad(address: Address, length: number, multiple: number): void {
  // These are few, and `fill` is a call out of compiled code.
  const first = address / Float32Array.BYTES_PER_ELEMENT
  for (let at = length; at % multiple !== 0; at++) allFloats[first + at] = 0
}

function part(vector: Float32Array, from: number, length: number): Float32Array {
  return length === vector.length ? vector : vector.subarray(from, from + length)
}

function instantiate(): Kernels {
  const bytes = Uint8Array.from(atob(binary), character => character.charCodeAt(0))
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } })
  return exports as unknown as Kernels
}
