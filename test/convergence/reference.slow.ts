import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runSwarm } from '../../testing/index.js'
import { fixture } from '../helpers/fixture.js'

/** Points: round, accuracy of the mean and of the worst node. */
interface ReferenceRow {
  readonly name: string
  readonly topology: string
  readonly partition: 'iid' | 'dir0.1'
  readonly localSteps: number
  readonly rounds: number
  readonly points: readonly (readonly [round: number, mean: number, worst: number])[]
}

/** Accuracy of the mean and of the worst node, over the last evaluations of a run. */
interface End {
  readonly mean: number
  readonly worst: number
}

const { rows } = JSON.parse(readFileSync(fixture('reference-d-psgd.json'), 'utf8')) as { rows: readonly ReferenceRow[] }
/** The last of ten evaluations, over which a run is averaged. */
const compared = 5
/** How far apart runs of the reference end with equally distributed rows: it was run with several seeds. */
const iidSpread = 0.004
/** With skewed labels the reference has one run, so how far seeds are apart is measured with these of ours. */
const seeds = [1, 2, 3]
/** t of Student's distribution with 6 degrees of freedom, three rows of three seeds each, for 99 % two-sided. */
const student = 3.707

const reference = suite('d-psgd against reference curves')

for (const { topology, partition } of rows.filter(({ localSteps }) => localSteps === 1)) {
  const group = rows.filter(row => row.topology === topology && row.partition === partition)
  reference(
    `${group[0].name}, ${partition}, ${group.map(({ localSteps }) => localSteps).join(', ')} steps a round`,
    async () => {
      const ends: End[][] = []
      for (const row of group) {
        const ended: End[] = []
        for (const seed of partition === 'iid' ? [1] : seeds) ended.push(await endOf(row, seed))
        ends.push(ended)
      }
      const means = ends.map(each => each.map(({ mean }) => mean))
      const allowed = partition === 'iid' ? iidSpread : predictionMargin(means)
      const apart = group.map(({ points }, i) => average(means[i]) - average(lastOf(points).map(([, mean]) => mean)))
      for (const [i, row] of group.entries()) tell(row, ends[i], apart[i], allowed)
      const outside = group.filter((_, i) => Math.abs(apart[i]) > allowed)
      assert.equal(
        outside.map(({ localSteps }) => `${localSteps} steps a round`),
        [],
        'rows that end further from the reference than runs of one algorithm do'
      )
    }
  )
}

async function endOf({ name, topology, partition, localSteps, rounds }: ReferenceRow, seed: number): Promise<End> {
  const { rounds: curve } = await runSwarm({
    ...{ nodes: 8, samples: 1000, topology, localSteps, rounds, evalEvery: rounds / 10, seed },
    partition: partition === 'iid' ? 'iid' : `file:${fixture('partition_dir0.1_N8_n1000_s1.json')}`,
    ...{ averaging: 'd-psgd', compress: 'float32', optimizer: 'sgd', learningRate: 0.1, batchSize: 32 }
  })
  const accuracies = curve.flatMap(({ accuracy }) => accuracy ?? [])
  assert.is(accuracies.length, 10)
  const last = lastOf(accuracies)
  const end = { mean: average(last.map(({ mean }) => mean)), worst: average(last.map(({ min }) => min)) }
  print(`${name}, ${partition}, ${localSteps} steps, seed ${seed}: ${cell(end)}`)
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
  return student * Math.sqrt(variance * (1 + 1 / seeds.length))
}

/** A row of the table, once its group has ended. */
function tell(
  { name, partition, localSteps, points }: ReferenceRow,
  ends: readonly End[],
  apart: number,
  allowed: number
) {
  const ours = { mean: average(ends.map(({ mean }) => mean)), worst: average(ends.map(({ worst }) => worst)) }
  const theirs = lastOf(points)
  const expected = { mean: average(theirs.map(([, mean]) => mean)), worst: average(theirs.map(([, , worst]) => worst)) }
  const verdict = Math.abs(apart) <= allowed ? 'inside' : 'OUTSIDE'
  print(
    `${name}, ${partition}, ${localSteps} steps: ours ${cell(ours)}, reference ${cell(expected)}, ` +
      `${percent(apart)} apart, ${percent(allowed)} allowed: ${verdict}`
  )
}

function print(line: string): void {
  process.stdout.write(`\n${line}`)
}

function lastOf<T>(values: readonly T[]): readonly T[] {
  return values.slice(-compared)
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
