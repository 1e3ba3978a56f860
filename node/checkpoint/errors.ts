/** Bytes that are no whole checkpoint: cut short, changed, or of something else. */
export class DamagedCheckpointError extends Error {
  override readonly name = 'DamagedCheckpointError'
}

/** A checkpoint that is whole, but not of what this node is asked to learn, or of another version of murmur. */
export class ForeignCheckpointError extends Error {
  override readonly name = 'ForeignCheckpointError'
}
