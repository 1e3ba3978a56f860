import type { IncrementLink } from './increment-link.js'
import type { IncrementLog } from './increment-log.js'

interface Source {
  readonly peer: string
  /** Rounds for which another neighbour has been ahead of it. */
  lagging: number
  /** What we had when we last looked, and for how many messages of this source that has not changed, though it has more. */
  version: number
  stalledRounds: number
}

/** A source that is behind others for this long is replaced: sooner, what it has just sent would come twice. */
const laggingRounds = 2
/** What a source says it has, and does not send for this long, it does not have any more. */
const stalledRounds = 8

/**
 * From which neighbour to have each origin's increments, so that each comes once: the origin itself where it is a neighbour,
 * else one of those who have most of it, for as long as nobody has more.
 */
export class IncrementSources {
  #sources = new Map<number, Source>()
  #stalled = false

  /** The neighbour that an origin's increments are wanted from. */
  peerFor(origin: number): string | undefined {
    return this.#sources.get(origin)?.peer
  }

  /** Whether nobody sends something that neighbours have. */
  get stalled(): boolean {
    return this.#stalled
  }

  clear(): void {
    this.#sources.clear()
    this.#stalled = false
  }

  /**
   * @param links - to the neighbours of our lineage that were heard, by peer
   * @param self - this node, as an origin
   */
  choose(links: ReadonlyMap<string, IncrementLink>, log: IncrementLog, self: number, round: number): void {
    const chosen = new Map<number, Source>()
    this.#stalled = false
    for (const origin of log.origins) {
      if (origin === self) continue
      const version = log.versionOf(origin)
      const before = this.#sources.get(origin)
      const silent = before === undefined ? undefined : links.get(before.peer)
      const stalled = before === undefined ? 0 : this.#stalledRounds(before, origin, version, silent, round)
      if (stalled >= stalledRounds) silent!.refused.add(origin)
      const candidates = [...links].filter(([, { refused }]) => !refused.has(origin))
      const most = Math.max(0, ...candidates.map(([, link]) => link.versionOf(origin)))
      if (most <= version && [...links.values()].some(link => link.versionOf(origin) > version)) this.#stalled = true
      if (candidates.length === 0) continue
      const current = candidates.find(([peer]) => peer === before?.peer)
      const lagging = current !== undefined && current[1].versionOf(origin) < most ? before!.lagging + 1 : 0
      if (current !== undefined && lagging < laggingRounds) {
        chosen.set(origin, { peer: current[0], lagging, version, stalledRounds: stalled })
        continue
      }
      const best = candidates.filter(([, link]) => link.versionOf(origin) === most)
      const direct = best.find(([, { told }]) => told?.origin === origin)
      const [peer] = direct ?? best[(origin + round) % best.length]
      chosen.set(origin, { peer, lagging: 0, version, stalledRounds: 0 })
    }
    this.#sources = chosen
  }
  /** Messages of a source in a row that did not bring what it says it has. */
  #stalledRounds(
    { stalledRounds, version: before }: Source,
    origin: number,
    version: number,
    link: IncrementLink | undefined,
    round: number
  ): number {
    if (link === undefined || version > before || link.versionOf(origin) <= version) return 0
    return stalledRounds + (link.heardIn >= round - 1 ? 1 : 0)
  }
}
