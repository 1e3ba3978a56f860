import { assignDirichlet, assignShards } from './label-skew.js'
import { InvalidParametersError, UnknownNameError } from './errors.js'
import { readPartitionFile } from './partition-file.js'
import { range, type Random } from './random.js'

const KNOWN = ['iid', 'dirichlet', 'shards', 'file']

/** What is shared out: the training rows that all nodes together may hold. */
export interface Pool {
  /** The class of every row. */
  readonly labels: ArrayLike<number>
  /** How many nodes take a part. */
  readonly nodes: number
  /** How many rows each of them takes. A partition file says this itself. */
  readonly samples: number
}

/** A way to share training rows out among nodes. No row goes to two of them. */
export interface Partition {
  /** Canonical spec that creates it again, as `--partition` takes it: `iid`, `dirichlet:0.1`. */
  readonly spec: string
  /**
   * @param rng - the same seed gives the same parts
   * @returns for every node the indices of its rows in the pool
   * @throws InvalidParametersError when the pool cannot be shared out like that
   * @throws InvalidDataError when a partition file is faulty
   */
  assign(pool: Pool, rng: Random): number[][]
}

/**
 * - `iid`: node i takes rows [n * i, n * (i + 1)) of the pool, as they come
 * - `dirichlet:A`: node i draws shares of classes from a symmetric Dirichlet distribution; skewed when A is small
 * - `shards:K`: rows sorted by class are cut into nodes * K shards, each node takes K of them
 * - `file:PATH`: JSON, `{ "nodes": [[indices of node 0], [indices of node 1], ...] }`
 *
 * @throws UnknownNameError when there is no such partition
 * @throws InvalidParametersError when its argument is out of range
 */
export function parsePartition(spec: string): Partition {
  const colon = spec.indexOf(':')
  const name = colon === -1 ? spec : spec.slice(0, colon)
  const argument = colon === -1 ? '' : spec.slice(colon + 1)
  switch (name) {
    case 'iid':
      if (colon !== -1) throw new InvalidParametersError(`partition ${spec}: iid takes no argument. Pass iid.`)
      return create(name, (_, nodes, samples) => range(0, nodes).map(i => range(samples * i, samples * (i + 1))))
    case 'dirichlet': {
      const concentration = positive(spec, argument, 'number', 'dirichlet:0.1')
      return create(`dirichlet:${concentration}`, (labels, nodes, samples, rng) =>
        assignDirichlet(labels, nodes, samples, concentration, rng)
      )
    }
    case 'shards': {
      const shards = positive(spec, argument, 'whole number', 'shards:2')
      return create(`shards:${shards}`, (labels, nodes, samples, rng) =>
        assignShards(labels, nodes, samples, shards, rng)
      )
    }
    case 'file':
      if (argument === '') throw new InvalidParametersError(`partition ${spec}: no path. Pass file:PATH.`)
      return { spec, assign: ({ labels, nodes }) => readPartitionFile(argument, nodes, labels.length) }
    default:
      throw new UnknownNameError('partition', name, KNOWN)
  }
}

type Assign = (labels: number[], nodes: number, samples: number, rng: Random) => number[][]

/** A partition of the first nodes * samples rows of the pool. */
function create(spec: string, assign: Assign): Partition {
  return {
    spec,
    assign({ labels, nodes, samples }, rng) {
      checkRoom(labels.length, nodes, samples)
      return assign(Array.from(labels).slice(0, nodes * samples), nodes, samples, rng)
    }
  }
}

function checkRoom(rows: number, nodes: number, samples: number): void {
  if (!(Number.isInteger(nodes) && nodes > 0 && Number.isInteger(samples) && samples > 0)) {
    throw new InvalidParametersError(`${nodes} nodes with ${samples} samples each; expected whole numbers above 0.`)
  }
  if (nodes * samples <= rows) return
  const remedies = [
    ...(rows >= nodes ? [`--samples ${Math.floor(rows / nodes)}`] : []),
    ...(rows >= samples ? [`--nodes ${Math.floor(rows / samples)}`] : [])
  ]
  throw new InvalidParametersError(
    `${nodes} nodes with ${samples} samples each need ${nodes * samples} training rows; there are ${rows}. ` +
      `Pass ${remedies.length > 0 ? remedies.join(' or ') : `--nodes ${rows} --samples 1`}.`
  )
}

function positive(spec: string, argument: string, kind: 'number' | 'whole number', example: string): number {
  const value = Number(argument)
  if (value > 0 && Number.isFinite(value) && (kind === 'number' || Number.isInteger(value))) return value
  throw new InvalidParametersError(`partition ${spec}: expected a ${kind} above 0 after the colon, as in ${example}.`)
}
