import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runSwarm } from '../../testing/index.js'
import { fixture } from '../helpers/fixture.js'

/** Accuracy of the mean and of the worst node, over the last five evaluations of a run. */
interface End {
  readonly mean: number
  readonly worst: number
}

interface ReferenceRow extends End {
  readonly nodes: number
  readonly name: string
  readonly topology: string
  /** `dir0.1`: exactly the images that the reference had. */
  readonly partition: 'iid' | 'dirichlet:0.1' | 'dir0.1'
  /** Images of each node. @default 1000 */
  readonly samples?: number
  readonly localSteps: number
  readonly rounds: number
  readonly evalEvery: number
}

const { rows } = JSON.parse(readFileSync(fixture('reference-d-psgd.json'), 'utf8')) as { rows: readonly ReferenceRow[] }
/** How far apart runs of the reference end with equally distributed rows: it was run with several seeds. */
const iidSpread = 0.004
/** Likewise with skewed labels on a ring, where they are furthest apart. */
const skewedSpread = 0.06
/** There the reference has one run of each row, so how far seeds are apart is measured with these of ours. */
const seeds = [1, 2, 3]
/** t of Student's distribution for 99 % two-sided, by degrees of freedom: two for each row of three seeds. */
const student: Readonly<Record<number, number>> = { 4: 4.604, 6: 3.707 }

const reference = suite('d-psgd against reference curves')

for (const group of groupsOf(rows)) {
  const [{ nodes, name, partition }] = group
  const steps = group.map(({ localSteps }) => localSteps).join(', ')
  reference(`${nodes} nodes, ${name}, ${partition}, ${steps} steps a round`, async () => {
    const ends: End[][] = []
    for (const row of group) {
      const ended: End[] = []
      for (const seed of partition === 'iid' ? [1] : seeds) ended.push(await endOf(row, seed))
      ends.push(ended)
    }
    const means = ends.map(each => each.map(({ mean }) => mean))
    const allowed = partition === 'iid' ? iidSpread : Math.min(skewedSpread, predictionMargin(means))
    const apart = group.map(({ mean }, i) => average(means[i]) - mean)
    for (const [i, row] of group.entries()) tell(row, ends[i], apart[i], allowed)
    const outside = group.filter((_, i) => Math.abs(apart[i]) > allowed)
    assert.equal(
      outside.map(({ localSteps }) => `${localSteps} steps a round`),
      [],
      'rows that end further from the reference than runs of one algorithm do'
    )
  })
}

/** Rows that differ in their local steps alone. */
function groupsOf(all: readonly ReferenceRow[]): ReferenceRow[][] {
  const groups = new Map<string, ReferenceRow[]>()
  for (const row of all) {
    const key = [row.nodes, row.topology, row.partition].join()
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()]
}

async function endOf(row: ReferenceRow, seed: number): Promise<End> {
  const { nodes, samples = 1000, topology, partition, localSteps, rounds, evalEvery } = row
  const { rounds: curve } = await runSwarm({
    ...{ nodes, samples, topology, localSteps, rounds, evalEvery, seed },
    partition: partition === 'dir0.1' ? `file:${fixture(`partition_dir0.1_N${nodes}_n1000_s1.json`)}` : partition,
    ...{ averaging: 'd-psgd', compress: 'float32', optimizer: 'sgd', learningRate: 0.1, batchSize: 32 }
  })
  const accuracies = curve.flatMap(({ accuracy }) => accuracy ?? [])
  assert.is(accuracies.length, rounds / evalEvery)
  const last = accuracies.slice(-5)
  const end = { mean: average(last.map(({ mean }) => mean)), worst: average(last.map(({ min }) => min)) }
  print(`${described(row)}, seed ${seed}: ${cell(end)}`)
  return end
}

/**
 * How far from the mean of our seeds one more run may end: t s sqrt(1 + 1/n), the prediction interval of a normal
 * distribution, with the variance between seeds pooled over the rows.
 *
 * @param rowsOfSeeds - of each row, where each seed ends
 */
function predictionMargin(rowsOfSeeds: readonly (readonly number[])[]): number {
  const variance = average(
    rowsOfSeeds.map(values => {
      const mean = average(values)
      return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
    })
  )
  return student[rowsOfSeeds.length * (seeds.length - 1)] * Math.sqrt(variance * (1 + 1 / seeds.length))
}

/** A row of the table, once its group has ended. */
function tell(row: ReferenceRow, ends: readonly End[], apart: number, allowed: number): void {
  const ours = { mean: average(ends.map(({ mean }) => mean)), worst: average(ends.map(({ worst }) => worst)) }
  const verdict = Math.abs(apart) <= allowed ? 'inside' : 'OUTSIDE'
  print(
    `${described(row)}: ours ${cell(ours)}, reference ${cell(row)}, ` +
      `${percent(apart)} apart, ${percent(allowed)} allowed: ${verdict}`
  )
}

function described({ nodes, name, partition, localSteps }: ReferenceRow): string {
  return `${nodes} nodes, ${name}, ${partition}, ${localSteps} steps`
}

function print(line: string): void {
  process.stdout.write(`\n${line}`)
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value / values.length, 0)
}

/** Mean and worst node, in percent. */
function cell({ mean, worst }: End): string {
  return `${percent(mean)}/${percent(worst)}`
}

function percent(share: number): string {
  return (100 * share).toFixed(2)
}

reference.run()
