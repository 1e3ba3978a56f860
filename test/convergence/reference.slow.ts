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

const { rows } = JSON.parse(readFileSync(fixture('reference-d-psgd.json'), 'utf8')) as { rows: readonly ReferenceRow[] }
/** The last of ten evaluations, over which a row is averaged. */
const compared = 5

/** How far apart runs of different seeds end, by accuracy of the mean node. */
function spreadOf({ partition, topology }: ReferenceRow): number {
  if (partition === 'iid') return 0.004
  return topology === 'ring' ? 0.06 : 0.02
}

const reference = suite('d-psgd against reference curves')
const table: string[] = []

for (const row of rows) {
  const { name, topology, partition, localSteps, rounds, points } = row
  reference(`${name}, ${partition}, ${localSteps} steps a round`, async () => {
    const curve = await runSwarm({
      ...{ nodes: 8, samples: 1000, topology, localSteps, rounds, evalEvery: rounds / 10 },
      partition: partition === 'iid' ? 'iid' : `file:${fixture('partition_dir0.1_N8_n1000_s1.json')}`,
      ...{ averaging: 'd-psgd', compress: 'float32', optimizer: 'sgd', learningRate: 0.1, batchSize: 32 }
    })
    const ours = curve.rounds.flatMap(({ accuracy }) => accuracy ?? []).slice(-compared)
    const theirs = points.slice(-compared)
    assert.is(ours.length, theirs.length)
    const mean = average(ours.map(({ mean }) => mean))
    const expected = average(theirs.map(([, mean]) => mean))
    const worst = average(ours.map(({ min }) => min))
    const expectedWorst = average(theirs.map(([, , worst]) => worst))
    const spread = spreadOf(row)
    const isInside = Math.abs(mean - expected) <= spread
    const cells = [name, partition, String(localSteps), `${percent(mean)}/${percent(worst)}`]
    cells.push(`${percent(expected)}/${percent(expectedWorst)}`, percent(mean - expected), percent(spread))
    table.push(tableRow([...cells, isInside ? 'inside' : 'OUTSIDE']))
    assert.ok(
      isInside,
      `accuracy ${percent(mean)}, the reference has ${percent(expected)}; expected at most ${percent(spread)} between them`
    )
  })
}

reference.after(() => {
  const header = tableRow(['topology', 'rows', 'steps', 'ours', 'reference', 'apart', 'spread', ''])
  process.stdout.write(`\nmean/worst node, %, last ${compared} of 10 evaluations\n${[header, ...table].join('\n')}\n`)
})

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value / values.length, 0)
}

function percent(share: number): string {
  return (100 * share).toFixed(1)
}

function tableRow(cells: readonly string[]): string {
  return cells
    .map((cell, i) => cell.padEnd([18, 8, 7, 12, 12, 7, 7, 8][i]))
    .join('')
    .trimEnd()
}

reference.run()
