// Loaded into a process before its program: from SIGUSR2 on, what it sends over TCP leaves as over the link that the
// environment describes. The kernel needs no help for that, and nobody needs to be root.
import { Socket } from 'node:net'
import { createRng } from '../../learning/rng.js'

/** How a device is connected; what is left out is perfect. */
export interface PoorLink {
  /** One way. */
  readonly latencyMs?: number
  /** Of the device, over all its connections. */
  readonly bytesPerSecond?: number
  /**
   * Share of segments that are lost. Whoever uses TCP sees no loss but silence: until the segment has got through, nothing of
   * its connection does. A segment is sent again after 200 ms, then after twice as long each time, as Linux does.
   */
  readonly loss?: number
}

export const linkVariable = 'MURMUR_TEST_LINK'

const segmentBytes = 1448
const firstRetransmissionMs = 200

type WriteGeneric = (
  this: Socket,
  writev: boolean,
  data: unknown,
  encoding: string,
  done: (error?: Error) => void
) => void
type Final = (this: Socket, done: (error?: Error) => void) => void
interface Internals {
  _writeGeneric: WriteGeneric
  _final: Final
}

class Link {
  readonly #link: PoorLink
  readonly #rng = createRng(process.pid)
  /** When all that was sent before has left the device. */
  #freeAtMs = 0

  constructor(link: PoorLink) {
    this.#link = link
  }

  /** @returns milliseconds until these bytes have left, and until they arrive */
  send(bytes: number): { readonly leftMs: number; readonly thereMs: number } {
    const { latencyMs = 0, bytesPerSecond = Infinity } = this.#link
    const nowMs = performance.now()
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + (1000 * bytes) / bytesPerSecond
    const leftMs = this.#freeAtMs - nowMs
    return { leftMs, thereMs: leftMs + latencyMs + this.#silenceMs(bytes) }
  }

  /** Segments are sent again side by side: the unluckiest decides. */
  #silenceMs(bytes: number): number {
    const { loss = 0 } = this.#link
    let most = 0
    for (let segment = Math.ceil(bytes / segmentBytes); segment > 0; segment--) {
      let losses = 0
      while (this.#rng.uniform() < loss) losses++
      most = Math.max(most, losses)
    }
    return firstRetransmissionMs * (2 ** most - 1)
  }
}

function worsen(link: Link): void {
  const internals = Socket.prototype as unknown as Internals
  const { _writeGeneric: write, _final: final } = internals
  /** What is on its way arrives in order. */
  const underWay = new WeakMap<Socket, Promise<void>>()
  const arrived = (socket: Socket): Promise<void> => underWay.get(socket) ?? Promise.resolve()

  internals._writeGeneric = function (writev, data, encoding, done) {
    if (this.remoteAddress === undefined) return write.call(this, writev, data, encoding, done)
    const chunks = writev ? (data as { chunk: Uint8Array }[]).map(({ chunk }) => chunk) : [data as Uint8Array]
    const { leftMs, thereMs } = link.send(chunks.reduce((sum, { length }) => sum + length, 0))
    const before = arrived(this)
    underWay.set(
      this,
      Promise.all([before, after(thereMs)]).then(() => {
        if (!this.destroyed) write.call(this, writev, data, encoding, () => {})
      })
    )
    void after(leftMs).then(() => done())
  }
  internals._final = function (done) {
    void arrived(this).then(() => final.call(this, done))
  }
}

function after(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

const described = process.env[linkVariable]
if (described !== undefined) process.once('SIGUSR2', () => worsen(new Link(JSON.parse(described) as PoorLink)))
