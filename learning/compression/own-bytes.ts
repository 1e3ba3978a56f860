const BLOCK_BYTES = 65_536
/** So that little of a block is lost at its end, and a message that stays keeps little else. */
const LARGEST_PART = BLOCK_BYTES / 16
let block = new Uint8Array(0)
let used = 0

/** A copy of the first bytes. Short ones are parts of one block of memory: memory of its own costs more than coding one. */
export function ownBytes(bytes: Uint8Array, length: number): Uint8Array {
  if (length > LARGEST_PART) return bytes.slice(0, length)
  if (used + length > block.length) {
    block = new Uint8Array(BLOCK_BYTES)
    used = 0
  }
  const own = block.subarray(used, used + length)
  used += length
  own.set(length === bytes.length ? bytes : bytes.subarray(0, length))
  return own
}
