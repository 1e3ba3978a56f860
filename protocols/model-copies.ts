import { checksumOf, toChunks } from './framing.js'
import { ModelHeader } from './messages.js'

/** A model at some round. */
export interface ModelSnapshot {
  readonly round: number
  readonly parameters: Float32Array
}

interface Copy {
  readonly frames: readonly Uint8Array[]
  users: number
}

/** Copies held at once, however many peers fetch a model, however slowly. */
const maxCopies = 4

/** Copies of a model for the peers that fetch it: learning goes on while they do. Peers of one round share one. */
export class ModelCopies {
  readonly #layoutHash: string
  readonly #snapshot: () => ModelSnapshot
  /** By round; the newest is the last. */
  readonly #copies = new Map<number, Copy>()

  constructor(layoutHash: string, snapshot: () => ModelSnapshot) {
    this.#layoutHash = layoutHash
    this.#snapshot = snapshot
  }

  /** How many copies are held now. */
  get size(): number {
    return this.#copies.size
  }

  /** Hand the frames of the current model to `use`, or of the newest copy when there is no room for another. */
  async lend(use: (frames: readonly Uint8Array[]) => Promise<void>): Promise<void> {
    const current = this.#snapshot()
    const round = this.#copies.size < maxCopies ? current.round : [...this.#copies.keys()][maxCopies - 1]
    const copy = this.#copies.get(round) ?? this.#add(current)
    copy.users++
    try {
      await use(copy.frames)
    } finally {
      if (--copy.users === 0) this.#copies.delete(round)
    }
  }

  #add({ round, parameters }: ModelSnapshot): Copy {
    const payload = new Uint8Array(parameters.slice().buffer)
    const header = { layoutHash: this.#layoutHash, round, bytes: payload.byteLength, checksum: checksumOf(payload) }
    const copy = { frames: [ModelHeader.encode(header), ...toChunks(payload)], users: 0 }
    this.#copies.set(round, copy)
    return copy
  }
}
