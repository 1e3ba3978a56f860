import type { Dataset } from '../../data/dataset.js'
import { copyRows, gatherRows } from '../batches.js'
import type { KernelMemory } from '../kernel-memory.js'
import type { Address, Kernels } from '../kernel-types.js'

/** Where rows enter a network. Features kept as bytes are copied as such and scaled there, which takes less than copying floats. */
export class InputRows {
  constructor(
    private readonly memory: KernelMemory,
    private readonly address: Address,
    /** Numbers in a row. */
    private readonly width: number
  ) {}

  /** The first rows. */
  view(rows: number): Float32Array {
    return this.memory.view(this.address, rows * this.width)
  }

  /** Take some rows of a data set, one after another. */
  gather(kernels: Kernels, data: Dataset, rows: Uint32Array): void {
    this.#take(kernels, data, rows.length, (from, target) => gatherRows(from, rows, target))
  }

  /** Take `count` rows of a data set from row `start` on. */
  copy(kernels: Kernels, data: Dataset, start: number, count: number): void {
    this.#take(kernels, data, count, (from, target) => copyRows(from, start, count, target))
  }

  #take(
    kernels: Kernels,
    data: Dataset,
    rows: number,
    take: (from: Dataset, target: Dataset['features']) => void
  ): void {
    const input = this.view(rows)
    if (!(data.features instanceof Uint8Array)) return take(data, input)
    const { buffer, byteOffset, length } = input
    // At the end of the room: no float is written over a byte that is still to be read.
    const bytes = new Uint8Array(buffer, byteOffset + 3 * length, length)
    take({ ...data, scale: 1 }, bytes)
    kernels.scaleBytes(bytes.byteOffset, byteOffset, length, data.scale)
  }
}
