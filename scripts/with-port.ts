import { ListenError } from '../node/errors.js'

/** Listen on a port; one that was only a default gives way when it is taken. */
export async function withPort<T>(port: number, mayGiveWay: boolean, listen: (port: number) => Promise<T>): Promise<T> {
  try {
    return await listen(port)
  } catch (error) {
    if (!(error instanceof ListenError) || !mayGiveWay) throw error
    return listen(0)
  }
}
