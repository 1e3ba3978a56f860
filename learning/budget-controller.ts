import type { Adaptive } from './compression/adaptive.js'
import type { Compressor } from './compression/compressor.js'

/** How much of what earlier rounds have shown counts on in each round. */
const MEMORY = 0.8
/** A balance is worked off in about so many rounds. */
const ROUNDS_TO_BALANCE = 8
/** What is not spent is kept for so many rounds: who was alone does not send all of it at once. */
const ROUNDS_OF_CREDIT = 8
const MS_PER_HOUR = 3_600_000
const STATE_LENGTH = 4
/** What `save` gives. */
export const BUDGET_STATE_BYTES = STATE_LENGTH * Float64Array.BYTES_PER_ELEMENT

/** A compressor that can be made to keep to a budget. */
export type AdaptiveCompressor = Compressor & { readonly adaptive: Adaptive }

/** What a node knows when its local steps have ended. */
export interface Spending {
  readonly nowMs: number
  /** Since it started, everything in: what other nodes make it pass on, too, and what got lost and is sent again. */
  readonly bytesSent: number
  /** To so many neighbours its message goes. */
  readonly neighbours: number
}

/**
 * How long a node's message may be this round, so that all that it sends keeps to its budget.
 *
 * What a round costs is taken to be proportional to the length that was allowed; the factor is seen from the latest rounds. So the
 * controller need not know whether neighbours pass a message on, how many there are or how much gets lost. What rounds cost
 * more or less than they should adds up, and is worked off: the mean is the budget, in the long run. A repair that costs
 * many rounds is paid for by short messages until it is paid.
 */
export class BudgetController {
  readonly #adaptive: Adaptive
  readonly #mostBytes: number
  /** Spent and allowed in the latest rounds, the older the less. */
  #spent = 0
  #allowed = 0
  /** What a round has to spend, usually; undefined before one has passed. */
  #income: number | undefined
  /** Below 0: more was spent than there was. */
  #balance = 0
  #last: { readonly nowMs: number; readonly bytesSent: number; readonly bytes: number } | undefined

  /** @param saved - what `save` gave; of another form: ignored */
  constructor({ adaptive, maxBytes }: AdaptiveCompressor, saved?: Uint8Array) {
    this.#adaptive = adaptive
    this.#mostBytes = maxBytes
    if (saved?.length !== BUDGET_STATE_BYTES) return
    const [spent, allowed, income, balance] = new Float64Array(saved.slice().buffer)
    if (!(spent >= 0 && allowed >= 0 && income > 0 && Number.isFinite(balance))) return
    this.#spent = spent
    this.#allowed = allowed
    this.#income = income
    this.#balance = balance
  }

  /** For a restart: a debt is not forgotten. */
  save(): Uint8Array {
    return new Uint8Array(Float64Array.of(this.#spent, this.#allowed, this.#income ?? 0, this.#balance).buffer)
  }

  /** What makes this round's message. Called once a round, before anything of it is sent. */
  compressor({ nowMs, bytesSent, neighbours }: Spending): Compressor {
    this.#settle(nowMs, bytesSent)
    const { budget, leastBytes } = this.#adaptive
    const { bytes, per } = budget
    // How long a round takes is not known before the first has passed.
    const income = this.#income ?? (per === 'round' ? bytes : 0)
    const share = this.#spent > 0 ? this.#allowed / this.#spent : 1 / Math.max(1, neighbours)
    const wanted = (income + this.#balance / ROUNDS_TO_BALANCE) * share
    const allowed = Math.min(Math.max(wanted, leastBytes), this.#mostBytes)
    this.#last = { nowMs, bytesSent, bytes: allowed }
    return this.#adaptive.within(allowed)
  }

  /** Take stock of the round before. */
  #settle(nowMs: number, bytesSent: number): void {
    if (this.#last === undefined) return
    const { bytes, per } = this.#adaptive.budget
    const spent = bytesSent - this.#last.bytesSent
    const income = per === 'round' ? bytes : (bytes * (nowMs - this.#last.nowMs)) / MS_PER_HOUR
    this.#income = this.#income === undefined ? income : MEMORY * this.#income + (1 - MEMORY) * income
    this.#balance = Math.min(this.#balance + income - spent, ROUNDS_OF_CREDIT * this.#income)
    // Alone, nothing is seen of what a message costs.
    if (spent === 0) return
    this.#spent = MEMORY * this.#spent + spent
    this.#allowed = MEMORY * this.#allowed + this.#last.bytes
  }
}
