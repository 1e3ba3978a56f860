const FIRST_CAPACITY = 256

/**
 * A binary heap by time. Ties are broken by the order of insertion, so that a run repeats. Times and orders lie in arrays of
 * their own: comparing entries follows no pointer, and an entry costs no object.
 */
export class EventQueue<T> {
  #times = new Float64Array(FIRST_CAPACITY)
  /** Count up: what is due at the same time comes out in the order in which it went in. */
  #orders = new Float64Array(FIRST_CAPACITY)
  readonly #items: T[] = []
  #pushed = 0

  get size(): number {
    return this.#items.length
  }

  /** When the first entry is due; Infinity when there is none. */
  get nextMs(): number {
    return this.#items.length > 0 ? this.#times[0] : Infinity
  }

  push(atMs: number, item: T): void {
    const items = this.#items
    let place = items.length
    if (place === this.#times.length) this.#grow()
    const times = this.#times
    const orders = this.#orders
    items.push(item)
    // The newest entry goes behind all that are due at the same time.
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (times[parent] <= atMs) break
      times[place] = times[parent]
      orders[place] = orders[parent]
      items[place] = items[parent]
      place = parent
    }
    times[place] = atMs
    orders[place] = this.#pushed++
    items[place] = item
  }

  /** Take out what is due first; undefined when there is nothing. */
  pop(): T | undefined {
    const items = this.#items
    if (items.length === 0) return undefined
    const first = items[0]
    const last = items.pop()!
    if (items.length > 0) this.#sink(last)
    return first
  }

  /** Put what was the last entry at the root and let it find its place. */
  #sink(item: T): void {
    const items = this.#items
    const times = this.#times
    const orders = this.#orders
    const length = items.length
    const atMs = times[length]
    const order = orders[length]
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= length) break
      const next = child + 1
      if (
        next < length &&
        (times[next] < times[child] || (times[next] === times[child] && orders[next] < orders[child]))
      )
        child = next
      if (times[child] > atMs || (times[child] === atMs && orders[child] > order)) break
      times[place] = times[child]
      orders[place] = orders[child]
      items[place] = items[child]
      place = child
    }
    times[place] = atMs
    orders[place] = order
    items[place] = item
  }

  #grow(): void {
    const larger = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(2 * old.length)
      grown.set(old)
      return grown
    }
    this.#times = larger(this.#times)
    this.#orders = larger(this.#orders)
  }
}
