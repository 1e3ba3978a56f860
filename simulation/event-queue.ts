import { copyInto } from './copy-into.js'

const FIRST_CAPACITY = 256
/** Children of an entry. With four the heap is half as deep as with two, and they lie side by side. */
const CHILDREN = 4

/** More than there are nodes. */
const NODES = 2 ** 24
/** Where what was told with an entry lies, from where that of its place begins. */
const DETAIL = 0
const NODE = 1
const TOLD = 2

/**
 * A heap by time, or by window of time, then by node, then by time. Ties are broken by the order of insertion, so that a run repeats.
 * What entries are compared by lies in arrays of numbers: comparing them follows no pointer, and moving them costs the garbage
 * collector nothing. Items stay where they were put until they are taken out.
 */
export class EventQueue<T> {
  readonly #windowMs: number
  /** What entries are compared by first: window and node in one number, or the time. */
  #keys = new Float64Array(FIRST_CAPACITY)
  #times = new Float64Array(FIRST_CAPACITY)
  /** Count up: what is equal comes out in the order in which it went in. */
  #orders = new Float64Array(FIRST_CAPACITY)
  /** Of each entry: where its item is. What lies behind the last entry are the free places, each exactly once. */
  #places = Int32Array.from({ length: FIRST_CAPACITY }, (_, place) => place)
  readonly #items: (T | undefined)[] = []
  /** Detail and node, beside the items. */
  #told = new Int32Array(TOLD * FIRST_CAPACITY)
  #size = 0
  #pushed = 0

  /** @param windowMs - 0: by time. @default 0 */
  constructor(windowMs = 0) {
    this.#windowMs = windowMs
  }

  get size(): number {
    return this.#size
  }

  /** When the first entry is due; Infinity when there is none. */
  get nextMs(): number {
    return this.#size > 0 ? this.#times[0] : Infinity
  }

  /** What was told with the first entry; 0 when there is none. */
  get nextDetail(): number {
    return this.#size > 0 ? this.#told[TOLD * this.#places[0] + DETAIL] : 0
  }

  /** Whose the first entry is; 0 when there is none. */
  get nextNode(): number {
    return this.#size > 0 ? this.#told[TOLD * this.#places[0] + NODE] : 0
  }

  /**
   * @param detail - a whole number of 32 bits, of use to whoever takes the entry out. @default 0
   * @param node - whose it is; below 2^24. @default 0
   */
  push(atMs: number, item: T, detail = 0, node = 0): void {
    if (this.#size === this.#times.length) this.#grow()
    const keys = this.#keys
    const times = this.#times
    const key = this.#windowMs > 0 ? Math.floor(atMs / this.#windowMs) * NODES + node : atMs
    let at = this.#size++
    const place = this.#places[at]
    this.#items[place] = item
    this.#told[TOLD * place + DETAIL] = detail
    this.#told[TOLD * place + NODE] = node
    // The newest entry goes behind all that are equal.
    while (at > 0) {
      const parent = ((at - 1) / CHILDREN) | 0
      if (keys[parent] < key || (keys[parent] === key && times[parent] <= atMs)) break
      this.#move(parent, at)
      at = parent
    }
    this.#put(at, key, atMs, this.#pushed++, place)
  }

  /** Take out what comes first; undefined when there is nothing. */
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
    const keys = this.#keys
    const last = this.#size
    let at = 0
    for (;;) {
      const firstChild = CHILDREN * at + 1
      if (firstChild >= last) break
      const end = Math.min(firstChild + CHILDREN, last)
      let child = firstChild
      for (let other = firstChild + 1; other < end; other++) {
        if (keys[other] > keys[child]) continue
        if (keys[other] < keys[child] || this.#isEarlier(other, child)) child = other
      }
      if (keys[child] > keys[last] || (keys[child] === keys[last] && this.#isEarlier(last, child))) break
      this.#move(child, at)
      at = child
    }
    this.#move(last, at)
  }

  /** Of two entries with the same key. */
  #isEarlier(a: number, b: number): boolean {
    const times = this.#times
    return times[a] === times[b] ? this.#orders[a] < this.#orders[b] : times[a] < times[b]
  }

  #put(at: number, key: number, atMs: number, order: number, place: number): void {
    this.#keys[at] = key
    this.#times[at] = atMs
    this.#orders[at] = order
    this.#places[at] = place
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#keys[from], this.#times[from], this.#orders[from], this.#places[from])
  }

  #grow(): void {
    const places = Int32Array.from({ length: 2 * this.#places.length }, (_, place) => place)
    this.#places = copyInto(places, this.#places)
    this.#keys = copyInto(new Float64Array(places.length), this.#keys)
    this.#times = copyInto(new Float64Array(places.length), this.#times)
    this.#orders = copyInto(new Float64Array(places.length), this.#orders)
    this.#told = copyInto(new Int32Array(TOLD * places.length), this.#told)
  }
}
