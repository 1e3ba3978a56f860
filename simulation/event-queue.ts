const FIRST_CAPACITY = 256
/** Children of an entry. With four the heap is half as deep as with two, and they lie side by side. */
const CHILDREN = 4

/**
 * A heap by time. Ties are broken by the order of insertion, so that a run repeats. Times, orders and details lie in arrays of
 * their own: comparing entries follows no pointer, and an entry costs no object.
 */
export class EventQueue<T> {
  #times = new Float64Array(FIRST_CAPACITY)
  /** Count up: what is due at the same time comes out in the order in which it went in. */
  #orders = new Float64Array(FIRST_CAPACITY)
  #details = new Int32Array(FIRST_CAPACITY)
  readonly #items: T[] = []
  #pushed = 0

  get size(): number {
    return this.#items.length
  }

  /** When the first entry is due; Infinity when there is none. */
  get nextMs(): number {
    return this.#items.length > 0 ? this.#times[0] : Infinity
  }

  /** What was told with the first entry; 0 when there is none. */
  get nextDetail(): number {
    return this.#items.length > 0 ? this.#details[0] : 0
  }

  /** @param detail - a whole number of 32 bits, of use to whoever takes the entry out */
  push(atMs: number, item: T, detail = 0): void {
    const items = this.#items
    let place = items.length
    if (place === this.#times.length) this.#grow()
    const times = this.#times
    items.push(item)
    // The newest entry goes behind all that are due at the same time.
    while (place > 0) {
      const parent = ((place - 1) / CHILDREN) | 0
      if (times[parent] <= atMs) break
      this.#move(parent, place)
      place = parent
    }
    times[place] = atMs
    this.#orders[place] = this.#pushed++
    this.#details[place] = detail
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
    const times = this.#times
    const orders = this.#orders
    const length = this.#items.length
    const atMs = times[length]
    const order = orders[length]
    let place = 0
    for (;;) {
      const firstChild = CHILDREN * place + 1
      if (firstChild >= length) break
      const end = Math.min(firstChild + CHILDREN, length)
      let child = firstChild
      for (let other = firstChild + 1; other < end; other++) {
        if (times[other] > times[child]) continue
        if (times[other] < times[child] || orders[other] < orders[child]) child = other
      }
      if (times[child] > atMs || (times[child] === atMs && orders[child] > order)) break
      this.#move(child, place)
      place = child
    }
    times[place] = atMs
    orders[place] = order
    this.#details[place] = this.#details[length]
    this.#items[place] = item
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from]
    this.#orders[to] = this.#orders[from]
    this.#details[to] = this.#details[from]
    this.#items[to] = this.#items[from]
  }

  #grow(): void {
    this.#times = copyInto(new Float64Array(2 * this.#times.length), this.#times)
    this.#orders = copyInto(new Float64Array(2 * this.#orders.length), this.#orders)
    this.#details = copyInto(new Int32Array(2 * this.#details.length), this.#details)
  }
}

/** Copy to the beginning of `target`, changing it. */
function copyInto<A extends Float64Array | Int32Array>(target: A, source: A): A {
  target.set(source)
  return target
}
