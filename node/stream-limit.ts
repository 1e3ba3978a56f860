import type { Stream, StreamMuxerFactory } from '@libp2p/interface'
import { RateQuota } from '../protocols/quota.js'
import type { Clock } from './clock.js'

/** Streams that a peer may open over one connection in a minute; an honest one opens a handful. */
export const maxStreamsPerMinute = 120

/**
 * Cut every connection over which the peer opens streams faster than anybody needs, whatever protocol it asks for: each costs
 * a negotiation, also those that are refused.
 *
 * @param onFlood - called with the stream that was one too many, while its connection still lists it
 */
export function limitStreams<Components>(
  create: (components: Components) => StreamMuxerFactory,
  clock: Clock,
  onFlood: (stream: Stream) => void
): (components: Components) => StreamMuxerFactory {
  return components => {
    const factory = create(components)
    const createMuxer = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = connection => {
      const muxer = createMuxer(connection)
      const rate = new RateQuota(clock, () => maxStreamsPerMinute, 60_000)
      // A listener of our own would make the muxer hand out streams that nobody takes yet; watching the dispatch does not.
      const dispatch = muxer.dispatchEvent.bind(muxer)
      muxer.dispatchEvent = event => {
        if (event.type !== 'stream' || rate.take()) return dispatch(event)
        onFlood((event as CustomEvent<Stream>).detail)
        const error = new Error('too many streams')
        muxer.abort(error)
        connection.abort(error)
        return true
      }
      return muxer
    }
    return factory
  }
}
