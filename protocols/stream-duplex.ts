import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

type Bytes = Uint8Array | Uint8ArrayList

/** Stop the sender above this many queued bytes, let it go on below half of it. */
const highWaterBytes = 512 * 1024

/** A libp2p stream in the form that it-pipe takes. */
export interface StreamDuplex {
  /**
   * What the peer sends. It ends when the peer closes its side, and throws when the stream is reset or lost: after all
   * that had arrived, or at once when it was reset here. Unread it holds at most about 512 KiB and two windows of the
   * muxer.
   */
  readonly source: AsyncGenerator<Bytes>
  /** Send all of `source`, no faster than the peer reads, then close our side. */
  readonly sink: (source: AsyncIterable<Bytes> | Iterable<Bytes>) => Promise<void>
}

/** Adapt a stream for it-pipe, with backpressure both ways. Whatever arrived before is read too. */
export function toDuplex(stream: Stream): StreamDuplex {
  return { source: readAll(stream), sink: source => writeAll(stream, source) }
}

function readAll(stream: Stream): AsyncGenerator<Bytes> {
  const queue: Bytes[] = []
  let queuedBytes = 0
  let peerClosed = stream.status === 'open' && stream.remoteWriteStatus === 'closed'
  let failure = stream.status === 'open' ? undefined : closedError(stream)
  let paused = false
  let wake = (): void => {}

  stream.addEventListener('message', (event: StreamMessageEvent) => {
    queue.push(event.data)
    queuedBytes += event.data.byteLength
    if (queuedBytes > highWaterBytes && !paused) {
      paused = true
      // Not within this dispatch: `resume` may have started it, and would then undo the pause.
      queueMicrotask(() => {
        if (paused && stream.readStatus === 'readable') stream.pause()
      })
    }
    wake()
  })
  stream.addEventListener('remoteCloseWrite', () => {
    peerClosed = true
  })
  stream.addEventListener('end', () => wake())
  stream.addEventListener('close', (event: StreamCloseEvent) => {
    // A connection that closes takes its streams along without a word.
    failure = event.error ?? (peerClosed ? undefined : closedError(stream))
    if (event.local === true) queue.length = 0
    wake()
  })

  const resume = (): void => {
    paused = false
    if (stream.readStatus !== 'paused') return
    try {
      stream.resume()
    } catch {
      // What was held back is delivered by now; there is only nobody left to be told to go on.
    }
  }
  return (async function* () {
    for (;;) {
      const next = queue.shift()
      if (next !== undefined) {
        queuedBytes -= next.byteLength
        if (paused && queuedBytes < highWaterBytes / 2) resume()
        yield next
      } else if (stream.readableEnded && stream.readBufferLength === 0) {
        // The second: what follows the protocol's negotiation is put back into a stream that may have ended by then.
        if (failure !== undefined) throw failure
        return
      } else {
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    }
  })()
}

async function writeAll(stream: Stream, source: AsyncIterable<Bytes> | Iterable<Bytes>): Promise<void> {
  for await (const bytes of source) {
    if (stream.status !== 'open') throw closedError(stream)
    if (!stream.send(bytes)) await drained(stream)
  }
  await stream.close()
}

/** Wait until everything sent so far has left the stream's own buffer. */
function drained(stream: Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      stream.removeEventListener('drain', onDrain)
      stream.removeEventListener('close', onClose)
      if (error === undefined) resolve()
      else reject(error)
    }
    const check = (): void => {
      if (stream.status !== 'open') settle(closedError(stream))
      else if (!stream.writableNeedsDrain) settle()
    }
    // The stream first sends what it holds, in a microtask of its own: that may fill the window again.
    const onDrain = (): void => queueMicrotask(check)
    const onClose = (event: StreamCloseEvent): void => settle(event.error ?? closedError(stream))
    stream.addEventListener('drain', onDrain)
    stream.addEventListener('close', onClose)
    check()
  })
}

function closedError(stream: Stream): Error {
  return new Error(`stream ${stream.id} is ${stream.status}`)
}
