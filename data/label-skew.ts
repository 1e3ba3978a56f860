import { InvalidParametersError } from './errors.js'
import { range, shuffled, type Random } from './random.js'

/**
 * Node i draws q_i ~ Dir(concentration * 1), one share a class, and fills its rows by class without replacement. When
 * a class runs out its share goes to the others, so that every node gets exactly `samples` rows.
 *
 * Source of the protocol: Hsu, Qi, Brown, "Measuring the Effects of Non-Identical Data Distribution for Federated
 * Visual Classification", 2019.
 *
 * @param labels - length nodes * samples
 * @throws InvalidParametersError when labels are no classes
 */
export function assignDirichlet(
  labels: readonly number[],
  nodes: number,
  samples: number,
  concentration: number,
  rng: Random
): number[][] {
  if (!labels.every(Number.isInteger)) {
    throw new InvalidParametersError('partition dirichlet needs classes; the labels are numbers. Pass iid or shards:K.')
  }
  const classes = new Map<number, number[]>()
  for (const row of shuffled(range(0, labels.length), rng)) {
    const rows = classes.get(labels[row])
    if (rows === undefined) classes.set(labels[row], [row])
    else rows.push(row)
  }
  const stocks = [...classes.keys()].sort((a, b) => a - b).map(label => classes.get(label)!)
  return range(0, nodes).map(() => {
    const shares = drawDirichlet(stocks.length, concentration, rng)
    return range(0, samples).map(() => stocks[drawClass(shares, stocks, rng)].pop()!)
  })
}

/**
 * Sort rows by class, cut them into nodes * shards equal pieces and give each node `shards` of them at random.
 *
 * Source: McMahan, Moore, Ramage, Hampson, Agüera y Arcas, "Communication-Efficient Learning of Deep Networks from
 * Decentralized Data", AISTATS 2017.
 *
 * @param labels - length nodes * samples
 * @throws InvalidParametersError when `samples` is not a multiple of `shards`
 */
export function assignShards(
  labels: readonly number[],
  nodes: number,
  samples: number,
  shards: number,
  rng: Random
): number[][] {
  if (samples % shards !== 0) {
    const below = samples - (samples % shards)
    const remedies = [...(below > 0 ? [below] : []), below + shards].map(fitting => `--samples ${fitting}`)
    throw new InvalidParametersError(
      `${samples} samples a node cannot be cut into ${shards} equal shards. Pass ${remedies.join(' or ')}.`
    )
  }
  const sorted = range(0, labels.length).sort((a, b) => labels[a] - labels[b] || a - b)
  const size = samples / shards
  const order = shuffled(range(0, nodes * shards), rng)
  return range(0, nodes).map(node =>
    order.slice(node * shards, (node + 1) * shards).flatMap(shard => sorted.slice(shard * size, (shard + 1) * size))
  )
}

/** The largest is 1 instead of their sum. Logarithms keep them from all becoming 0 when `concentration` is small. */
function drawDirichlet(length: number, concentration: number, rng: Random): number[] {
  const logs = range(0, length).map(() => drawLogGamma(concentration, rng))
  const largest = Math.max(...logs)
  return logs.map(log => Math.exp(log - largest))
}

/**
 * The logarithm of a Gamma(shape, 1) variate.
 *
 * Source: Marsaglia, Tsang, "A Simple Method for Generating Gamma Variables", ACM TOMS 2000; section 6 for shape < 1.
 */
function drawLogGamma(shape: number, rng: Random): number {
  if (shape < 1) return drawLogGamma(shape + 1, rng) + Math.log(1 - rng.uniform()) / shape
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = rng.normal()
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - rng.uniform()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v)
  }
}

/** A class that still has rows, by share; by what is left when none of them has a share worth counting. */
function drawClass(shares: readonly number[], stocks: readonly number[][], rng: Random): number {
  let weights = shares.map((share, c) => (stocks[c].length > 0 ? share : 0))
  if (weights.every(weight => weight === 0)) weights = stocks.map(stock => stock.length)
  let left = rng.uniform() * weights.reduce((sum, weight) => sum + weight, 0)
  const drawn = weights.findIndex(weight => (left -= weight) < 0)
  // Rounding can leave a rest after the last weight.
  return drawn === -1 ? weights.findLastIndex(weight => weight > 0) : drawn
}
