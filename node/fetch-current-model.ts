import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { fetchModel, type ModelSnapshot } from '../protocols/index.js'
import type { Clock } from './clock.js'
import type { Host } from './host.js'

/** A peer that sends nothing of its model for this long is given up; a large model over a slow link may take its time. */
const stallMs = 10_000

/** A peer that may hand over its model, and how to reach it. */
export interface ModelSource {
  readonly peer: string
  readonly at: PeerId | Multiaddr[]
}

export interface FetchOptions {
  readonly clock: Clock
  readonly signal?: AbortSignal
  /** @default 10000 */
  readonly stallMs?: number
}

/**
 * A current model, whole and verified, from the first of some peers that hands one over: when one dies, stalls or sends nonsense,
 * the next is asked. Every node's model is another one, so what half arrived from one is of no use to go on with from the next.
 *
 * @returns undefined when none did, with the reason of each in `failures`
 */
export async function fetchCurrentModel(
  host: Pick<Host, 'dialProtocol'>,
  sources: readonly ModelSource[],
  expected: { readonly layoutHash: string; readonly size: number },
  options: FetchOptions
): Promise<{ readonly model: ModelSnapshot | undefined; readonly failures: readonly string[] }> {
  const failures: string[] = []
  for (const { peer, at } of sources) {
    options.signal?.throwIfAborted()
    const stall = new StallSignal(options)
    try {
      const onProgress = (): void => stall.moved()
      return { model: await fetchModel(host, at, expected, { signal: stall.signal, onProgress }), failures }
    } catch (error) {
      failures.push(`${peer}: ${(error as Error).message}`)
    } finally {
      stall.end()
    }
  }
  options.signal?.throwIfAborted()
  return { model: undefined, failures }
}

/** Aborts when nothing has moved for a while. */
class StallSignal {
  readonly #clock: Clock
  readonly #ms: number
  readonly #controller = new AbortController()
  readonly signal: AbortSignal
  #cancel = (): void => {}

  constructor({ clock, signal, stallMs: ms = stallMs }: FetchOptions) {
    this.#clock = clock
    this.#ms = ms
    this.signal = signal === undefined ? this.#controller.signal : AbortSignal.any([signal, this.#controller.signal])
    this.moved()
  }

  moved(): void {
    this.end()
    this.#cancel = this.#clock.after(this.#ms, () => this.#controller.abort(new Error('it sends nothing more')))
  }

  end(): void {
    this.#cancel()
  }
}
