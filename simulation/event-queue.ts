interface Entry<T> {
  readonly atMs: number
  /** Counts up: what is due at the same time comes out in the order in which it went in. */
  readonly order: number
  readonly item: T
}

/** A binary heap by time. Ties are broken by the order of insertion, so that a run repeats. */
export class EventQueue<T> {
  readonly #heap: Entry<T>[] = []
  #pushed = 0

  get size(): number {
    return this.#heap.length
  }

  push(atMs: number, item: T): void {
    const heap = this.#heap
    const entry = { atMs, order: this.#pushed++, item }
    let place = heap.length
    heap.push(entry)
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!isBefore(entry, heap[parent])) break
      heap[place] = heap[parent]
      place = parent
    }
    heap[place] = entry
  }

  /** Take out what is due first. */
  pop(): { readonly atMs: number; readonly item: T } | undefined {
    const heap = this.#heap
    const first = heap.at(0)
    const last = heap.pop()
    if (last !== undefined && heap.length > 0) this.#sink(last)
    return first
  }

  /** Put an entry at the root and let it find its place. */
  #sink(entry: Entry<T>): void {
    const heap = this.#heap
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++
      if (!isBefore(heap[child], entry)) break
      heap[place] = heap[child]
      place = child
    }
    heap[place] = entry
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
