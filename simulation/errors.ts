/** More virtual nodes than memory allows. Found before anything is allocated for them. */
export class NotEnoughMemoryError extends Error {
  override readonly name = 'NotEnoughMemoryError'
  constructor(
    message: string,
    readonly neededBytes: number,
    readonly availableBytes: number
  ) {
    super(message)
  }
}
