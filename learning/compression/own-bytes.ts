const BLOCK_BYTES = 65_536
/** So that no more than a quarter of a block is lost at its end, and a message that stays keeps little else. */
const LARGEST_PART = BLOCK_BYTES / 4
let block = new Uint8Array(0)
let used = 0
/** What was copied last, when it was a part: kernels write messages of one length to one place. */
let source: Uint8Array = block

/** A copy of the first bytes. Short ones are parts of one block of memory: memory of its own costs more than coding one. */
export function ownBytes(bytes: Uint8Array, length: number): Uint8Array {
  if (length > LARGEST_PART) return bytes.slice(0, length)
  if (used + length > block.length) {
    block = new Uint8Array(BLOCK_BYTES)
    used = 0
  }
  const own = block.subarray(used, used + length)
  used += length
  own.set(beginning(bytes, length))
  return own
}

function beginning(bytes: Uint8Array, length: number): Uint8Array {
  if (length === bytes.length) return bytes
  const { buffer, byteOffset } = bytes
  if (source.buffer !== buffer || source.byteOffset !== byteOffset || source.length !== length) {
    source = bytes.subarray(0, length)
  }
  return source
}
