/** No peer could be reached or agreed with in time. */
export class JoinError extends Error {
  override readonly name = 'JoinError'
  constructor(
    message: string,
    /** One line an address that was tried. */
    readonly attempts: readonly string[]
  ) {
    super(message)
  }
}

/** What should be the address of a peer is none. */
export class InvalidAddressError extends Error {
  override readonly name = 'InvalidAddressError'
}

/** A swarm key or a list of allowed peers that cannot be used. */
export class InvalidKeyError extends Error {
  override readonly name = 'InvalidKeyError'
}

/** The home folder cannot be used. */
export class HomeError extends Error {
  override readonly name = 'HomeError'
}

/** An address or port that the node was told to use cannot be. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}
