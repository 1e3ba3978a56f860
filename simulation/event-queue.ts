import { copyInto } from './copy-into.js'

const FIRST_CAPACITY = 256
/** Children of an entry. With four the heap is half as deep as with two, and they lie side by side. */
const CHILDREN = 4

/**
 * A heap by time. Ties are broken by the order of insertion, so that a run repeats. What entries are compared by lies in arrays
 * of numbers: comparing them follows no pointer, and moving them costs the garbage collector nothing. Items stay where they
 * were put until they are taken out.
 */
export class EventQueue<T> {
  #times = new Float64Array(FIRST_CAPACITY)
  /** Count up: what is due at the same time comes out in the order in which it went in. */
  #orders = new Float64Array(FIRST_CAPACITY)
  /** Of each entry: where its item is. What lies behind the last entry are the free places, each exactly once. */
  #places = Int32Array.from({ length: FIRST_CAPACITY }, (_, place) => place)
  readonly #items: (T | undefined)[] = []
  /** Beside the items. */
  #details = new Int32Array(FIRST_CAPACITY)
  #size = 0
  #pushed = 0

  get size(): number {
    return this.#size
  }

  /** When the first entry is due; Infinity when there is none. */
  get nextMs(): number {
    return this.#size > 0 ? this.#times[0] : Infinity
  }

  /** What was told with the first entry; 0 when there is none. */
  get nextDetail(): number {
    return this.#size > 0 ? this.#details[this.#places[0]] : 0
  }

  /** @param detail - a whole number of 32 bits, of use to whoever takes the entry out */
  push(atMs: number, item: T, detail = 0): void {
    if (this.#size === this.#times.length) this.#grow()
    const times = this.#times
    let at = this.#size++
    const place = this.#places[at]
    this.#items[place] = item
    this.#details[place] = detail
    // The newest entry goes behind all that are due at the same time.
    while (at > 0) {
      const parent = ((at - 1) / CHILDREN) | 0
      if (times[parent] <= atMs) break
      this.#move(parent, at)
      at = parent
    }
    times[at] = atMs
    this.#orders[at] = this.#pushed++
    this.#places[at] = place
  }

  /** Take out what is due first; undefined when there is nothing. */
  pop(): T | undefined {
    if (this.#size === 0) return undefined
    const place = this.#places[0]
    const item = this.#items[place]
    this.#items[place] = undefined
    this.#size--
    if (this.#size > 0) this.#sink()
    this.#places[this.#size] = place
    return item
  }

  /** Put the last entry at the root and let it find its place. */
  #sink(): void {
    const times = this.#times
    const orders = this.#orders
    const length = this.#size
    const atMs = times[length]
    const order = orders[length]
    const place = this.#places[length]
    let at = 0
    for (;;) {
      const firstChild = CHILDREN * at + 1
      if (firstChild >= length) break
      const end = Math.min(firstChild + CHILDREN, length)
      let child = firstChild
      for (let other = firstChild + 1; other < end; other++) {
        if (times[other] > times[child]) continue
        if (times[other] < times[child] || orders[other] < orders[child]) child = other
      }
      if (times[child] > atMs || (times[child] === atMs && orders[child] > order)) break
      this.#move(child, at)
      at = child
    }
    times[at] = atMs
    orders[at] = order
    this.#places[at] = place
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from]
    this.#orders[to] = this.#orders[from]
    this.#places[to] = this.#places[from]
  }

  #grow(): void {
    const places = Int32Array.from({ length: 2 * this.#places.length }, (_, place) => place)
    this.#places = copyInto(places, this.#places)
    this.#times = copyInto(new Float64Array(places.length), this.#times)
    this.#orders = copyInto(new Float64Array(places.length), this.#orders)
    this.#details = copyInto(new Int32Array(places.length), this.#details)
  }
}
