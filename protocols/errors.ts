/** What a peer sent breaks the protocol. Its stream is reset and the fault counted. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

/** A peer does not work with us, and said why. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  constructor(
    readonly peer: string,
    /** The peer's own words: never shown above debug level without being shortened. */
    readonly reason: string
  ) {
    super(`peer ${peer} refused: ${reason}`)
  }
}

/** A peer runs, but speaks no version of a protocol that we speak. */
export class UnsupportedVersionError extends Error {
  override readonly name = 'UnsupportedVersionError'
  constructor(
    readonly peer: string,
    readonly protocol: string
  ) {
    super(
      `peer ${peer} does not speak ${protocol}: it runs another version of murmur, or is no murmur node. ` +
        'Run the same version on both.'
    )
  }
}

/** A task that cannot be used: a field is missing, out of range, or its bytes do not match its id. */
export class InvalidTaskError extends Error {
  override readonly name = 'InvalidTaskError'
}
