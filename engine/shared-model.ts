import { sharedFloats } from './shared-floats.js'

/** A model as predictions use it. */
export interface PublishedModel {
  /** How many models were published, this one included. */
  readonly version: number
  /** The round that it is the result of. */
  readonly round: number
  readonly parameters: Float32Array
  /** As `Engine.statistics`. */
  readonly statistics: Float32Array
}

/** What the thread that publishes and the one that reads have in common: shared memory, to be handed to a worker. */
export interface SharedModelMemory {
  /** The published slot, the slot being read, then version and round of each slot. */
  readonly control: Int32Array
  /** A model a slot: parameters, then statistics. */
  readonly slots: readonly Float32Array[]
  readonly parameters: number
}

/** One that is published, one that is read, and one that is free whatever happens: nobody ever waits. */
const SLOTS = 3
const NONE = -1
/** Indices into `control`. */
const PUBLISHED = 0
const READING = 1
const VERSION = 2
const ROUND = VERSION + SLOTS

/**
 * Room for models that one thread publishes and one other thread reads.
 *
 * @param parameters - number of parameters
 * @param statistics - number of moving statistics
 */
export function allocateSharedModel(parameters: number, statistics: number): SharedModelMemory {
  const control = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * (ROUND + SLOTS)))
  control[PUBLISHED] = NONE
  control[READING] = NONE
  const slots = Array.from({ length: SLOTS }, () => sharedFloats(parameters + statistics))
  return { control, slots, parameters }
}

/** The writing end; there must be one. */
export class ModelPublisher {
  #version = 0

  constructor(private readonly memory: SharedModelMemory) {}

  /**
   * Make a copy the model that readers get from now on. Never waits.
   *
   * @returns its version: 1 for the first model, and one more for each
   */
  publish(round: number, parameters: Float32Array, statistics: Float32Array): number {
    const { control, slots } = this.memory
    const taken = [Atomics.load(control, PUBLISHED), Atomics.load(control, READING)]
    const slot = slots.findIndex((_, index) => !taken.includes(index))
    slots[slot].set(parameters)
    slots[slot].set(statistics, this.memory.parameters)
    control[VERSION + slot] = ++this.#version
    control[ROUND + slot] = round
    Atomics.store(control, PUBLISHED, slot)
    return this.#version
  }

  /**
   * The model that was published last, for the thread that publishes.
   *
   * @returns views that do not change before the next but one is published; undefined before the first
   */
  get latest(): PublishedModel | undefined {
    const slot = Atomics.load(this.memory.control, PUBLISHED)
    return slot === NONE ? undefined : modelAt(this.memory, slot)
  }
}

/**
 * The reading end; there must be one. It names the slot that it reads before it looks again whether this is still the
 * published one (a hazard pointer), and the publisher writes to no slot that is named: what is read is always whole.
 *
 * Source: Michael, "Hazard Pointers: Safe Memory Reclamation for Lock-Free Objects", IEEE TPDS 2004.
 */
export class ModelReader {
  constructor(private readonly memory: SharedModelMemory) {}

  /**
   * Take the latest model.
   *
   * @returns views that do not change until `release`; undefined when nothing was published yet
   */
  acquire(): PublishedModel | undefined {
    const { control } = this.memory
    for (;;) {
      const slot = Atomics.load(control, PUBLISHED)
      if (slot === NONE) return undefined
      Atomics.store(control, READING, slot)
      if (Atomics.load(control, PUBLISHED) === slot) return modelAt(this.memory, slot)
    }
  }

  release(): void {
    Atomics.store(this.memory.control, READING, NONE)
  }
}

function modelAt({ control, slots, parameters }: SharedModelMemory, slot: number): PublishedModel {
  return {
    version: control[VERSION + slot],
    round: control[ROUND + slot],
    parameters: slots[slot].subarray(0, parameters),
    statistics: slots[slot].subarray(parameters)
  }
}
