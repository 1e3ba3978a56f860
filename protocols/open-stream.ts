import type { AbortOptions, Libp2p, PeerId, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { UnsupportedVersionError } from './errors.js'

/** The part of libp2p that opening streams needs. */
export type Dialer = Pick<Libp2p, 'dialProtocol'>

/**
 * Open a stream, dialling when needed, and do `work` on it. The stream is reset when `work` throws or the signal fires;
 * otherwise it is left as `work` leaves it.
 *
 * @throws UnsupportedVersionError when the peer does not speak this protocol
 * @throws whatever dialling or `work` throws
 */
export async function withStream<T>(
  libp2p: Dialer,
  peer: PeerId | Multiaddr[],
  protocol: string,
  { signal }: AbortOptions,
  work: (stream: Stream) => Promise<T>
): Promise<T> {
  let stream: Stream
  try {
    stream = await libp2p.dialProtocol(peer, protocol, { signal, runOnLimitedConnection: true })
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'UnsupportedProtocolError') throw error
    throw new UnsupportedVersionError(String(peer), protocol)
  }
  const onAbort = (): void => stream.abort(new Error('the peer did not answer in time', { cause: signal?.reason }))
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted === true) onAbort()
  try {
    return await work(stream)
  } catch (error) {
    stream.abort(error as Error)
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}
