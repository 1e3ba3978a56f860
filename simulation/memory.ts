import type { Averaging } from '../learning/averaging/averaging.js'
import { NotEnoughMemoryError } from './errors.js'

/** What decides how much memory a simulation needs. */
export interface MemoryNeeds {
  readonly nodes: number
  /** Of the model. */
  readonly parameters: number
  /** Floats of optimiser state a node. */
  readonly stateSize: number
  /** Longest payload of an update. */
  readonly maxUpdateBytes: number
  /** Vectors as long as the model that a node holds: its own, and those of its averaging. See `vectorsPerNode`. */
  readonly vectors: number
  /** Of all data sets together. */
  readonly dataBytes: number
}

/** Node itself, the code, and the vectors of the workers. */
const fixedBytes = 300e6
/** Machine, links, timers and records of a node. */
const bytesPerNode = 40e3
/** Models of up to so many bytes have short messages, which are collected when there is as much of them as of the models. */
const bytesOfSmallModel = 32_768

/**
 * How many vectors a node holds: its parameters; where its steps began, if it averages meanwhile; and what its strategy
 * keeps of itself and of each neighbour, such as public copies.
 */
export function vectorsPerNode({ synchronous, vectors = 0, vectorsPerLink = 0 }: Averaging, links: number): number {
  return (synchronous ? 1 : 2) + vectors + vectorsPerLink * links
}

/**
 * An upper estimate of the memory of a simulation. A node holds its vectors, its optimiser state, and the updates that
 * others still have to read.
 */
export function estimateMemory(needs: MemoryNeeds): number {
  const { nodes, parameters, stateSize, maxUpdateBytes, vectors, dataBytes } = needs
  const floats = vectors * parameters + stateSize
  const collectedLate = 4 * parameters <= bytesOfSmallModel ? 4 * parameters : 0
  // Updates of two rounds are on their way when some nodes are ahead of others; freed memory is not there again at once.
  return fixedBytes + dataBytes + nodes * (bytesPerNode + 4 * floats + 2 * maxUpdateBytes + collectedLate)
}

/**
 * Call it before anything is made for each node, whatever the nodes will learn.
 *
 * @param availableBytes - what this process may still take
 * @throws NotEnoughMemoryError when the nodes alone need more
 */
export function checkNodes(nodes: number, availableBytes: number): void {
  const nothing = { parameters: 0, stateSize: 0, maxUpdateBytes: 0, vectors: 0, dataBytes: 0 }
  checkEstimate({ nodes, ...nothing }, availableBytes, (needed, free, room) => {
    return `${nodes} nodes need more than ${needed} of memory, whatever they learn; ${free} are free. Use fewer than ${room} nodes.`
  })
}

/**
 * @param availableBytes - what this process may still take
 * @throws NotEnoughMemoryError with the estimate, and how many nodes there is room for
 */
export function checkMemory(needs: MemoryNeeds, availableBytes: number): void {
  const { nodes, parameters } = needs
  checkEstimate(needs, availableBytes, (needed, free, room) => {
    return (
      `${nodes} nodes with ${parameters} parameters each need about ${needed} of memory; ${free} are free. ` +
      `Use ${room} nodes or fewer, or a smaller model.`
    )
  })
}

/** @param describe - told what is needed and what is free, for people, and how many nodes there is room for */
function checkEstimate(
  needs: MemoryNeeds,
  availableBytes: number,
  describe: (needed: string, free: string, room: number) => string
): void {
  const needed = estimateMemory(needs)
  if (needed <= availableBytes) return
  const alone = estimateMemory({ ...needs, nodes: 0 })
  const room = Math.max(0, Math.floor(((availableBytes - alone) / (needed - alone)) * needs.nodes))
  const message = describe(gigabytes(needed), gigabytes(availableBytes), room)
  throw new NotEnoughMemoryError(message, needed, availableBytes)
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}
