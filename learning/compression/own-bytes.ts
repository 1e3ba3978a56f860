const BLOCK_BYTES = 65_536
/** So that no more than a quarter of a block is lost at its end, and a message that stays keeps little else. */
const LARGEST_PART = BLOCK_BYTES / 4
/** V8 goes through all objects of a thread when so many bytes of buffers have been made since it last did, be they few or many. */
const COLLECTED_AFTER_BYTES = 64 * 1024 * 1024
let block: Uint8Array = new Uint8Array(0)
let used = 0
let blocks = 0
/** What garbage may grow to, of all who let it. */
let allowedBytes = 0
/** What was copied last, when it was a part, and of what: kernels write messages of one length to one place. */
let source: Uint8Array = block
let whole: Uint8Array = block

/** A copy of the first bytes. Short ones are parts of one block of memory: memory of its own costs more than coding one. */
export function ownBytes(bytes: Uint8Array, length: number): Uint8Array {
  if (length > LARGEST_PART) return bytes.slice(0, length)
  if (used + length > block.length) {
    block = newBlock()
    used = 0
  }
  const own = block.subarray(used, used + length)
  used += length
  own.set(beginning(bytes, length))
  return own
}

function beginning(bytes: Uint8Array, length: number): Uint8Array {
  if (length === bytes.length) return bytes
  if (whole !== bytes || source.length !== length) {
    whole = bytes
    source = bytes.subarray(0, length)
  }
  return source
}

/**
 * Have short messages of this thread collected when there is so much of them: a thread with thousands of models has so many objects
 * that going through them for every few messages takes longer than coding these.
 *
 * @param bytes - no less than V8's own measure, 64 MB, counts
 * @returns ends it; called once
 */
export function letGarbageGrow(bytes: number): () => void {
  allowedBytes += bytes
  return () => {
    allowedBytes -= bytes
  }
}

/** Of some blocks one is among the buffers that V8 counts; shared memory is not. */
function newBlock(): Uint8Array {
  const countedEvery = Math.max(1, Math.round(allowedBytes / COLLECTED_AFTER_BYTES))
  const isCounted = blocks++ % countedEvery === 0
  return new Uint8Array(isCounted ? new ArrayBuffer(BLOCK_BYTES) : new SharedArrayBuffer(BLOCK_BYTES))
}
