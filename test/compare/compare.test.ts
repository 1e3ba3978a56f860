import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { medianOf } from '../../scripts/compare/result.js'
import { parseVariants } from '../../scripts/compare/variant.js'
import { fixture } from '../helpers/fixture.js'
import { runMurmur } from '../helpers/run-murmur.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'

const compare = suite('murmur compare')
const folder = temporaryFolder()
const swarm = ['--nodes', '4', '--rounds', '8', '--local-steps', '4', '--workers', '1']

interface Compared {
  readonly folder: string
  readonly variants: readonly {
    readonly name: string
    readonly learningRate: number
    readonly grid: readonly { readonly learningRate: number; readonly score: { readonly median: number } }[]
    readonly mean: { readonly median: number; readonly min: number; readonly max: number }
    readonly toTarget: { readonly reached: number; readonly cost?: { readonly bytes: { readonly median: number } } }
  }[]
}

compare('tunes the learning rate of each strategy, tells what the target takes, and draws it', async () => {
  const out = join(folder.path, 'iris')
  const strategies = ['--strategies', 'd-psgd/float32,choco-sgd/quantize:4@ring', '--seeds', '2']
  const flags = ['--learning-rates', '0.0001,0.05', '--until', 'accuracy=0.7', '--json', '--out', out]
  const { code, stdout, stderr } = await runMurmur([
    'compare',
    ...strategies,
    ...['--dataset', fixture('iris.csv')],
    ...swarm,
    ...flags
  ])
  assert.is(code, 0, stderr)
  const { variants } = JSON.parse(stdout) as Compared
  assert.equal(
    variants.map(({ name }) => name),
    ['d-psgd/float32', 'choco-sgd/quantize:4@ring']
  )
  for (const { learningRate, grid, mean, toTarget, name } of variants) {
    assert.is(learningRate, 0.05, name)
    assert.is(grid.length, 2)
    assert.ok(grid[0].score.median < mean.median && mean.min <= mean.median && mean.median <= mean.max, name)
    assert.is(toTarget.reached, 2, name)
  }
  const [whole, compressed] = variants.map(({ toTarget }) => toTarget.cost!.bytes.median)
  assert.ok(compressed < whole / 2, `${compressed} of ${whole} bytes`)
  const [id] = readdirSync(out)
  const runs = readdirSync(join(out, id))
  assert.is(runs.length, 2 * 2 * 2 + 2, runs.join())
  assert.equal(JSON.parse(readFileSync(join(out, id, 'comparison.json'), 'utf8')), JSON.parse(stdout))
  const html = readFileSync(join(out, id, 'report.html'), 'utf8')
  for (const title of [
    'Accuracy over bytes sent',
    'Consensus distance over rounds',
    'Accuracy of the worst node',
    'ring, the nodes'
  ]) {
    assert.match(html, title)
  }
  const replayed = await runMurmur(['simulate', '--replay', join(out, id, 'd-psgd+float32 0.05 2')])
  assert.is(replayed.code, 0, replayed.stdout)
})

compare('compares on problems without data', async () => {
  const flags = ['--problem', 'quadratic:10', '--learning-rate', '0.1', '--out', join(folder.path, 'quadratic')]
  const strategies = 'd-psgd,swarm-sgd,d-psgd~exact-diffusion'
  const { code, stdout, stderr } = await runMurmur(['compare', '--strategies', strategies, ...swarm, ...flags])
  assert.is(code, 0, stderr)
  assert.match(stdout, /^strategy +rate +loss/)
  assert.match(stdout, /report +.*report\.html/)
})

for (const [strategies, message] of [
  ['d-psgd/', '"d-psgd/"; expected averaging[/compressor][@topology]'],
  ['d-psgd,d-psgd', 'd-psgd is there twice'],
  ['d-spgd', 'unknown averaging'],
  ['d-psgd,anti-entropy~outer', 'outer with anti-entropy']
] as const) {
  compare(`refuses ${strategies} before anything runs`, async () => {
    const out = join(folder.path, 'refused')
    const { code, stderr } = await runMurmur(['compare', '--strategies', strategies, ...swarm, '--out', out])
    assert.is(code, 2, stderr)
    assert.match(stderr, message)
    assert.not.ok(existsSync(out))
  })
}

compare('refuses what memory has no room for before the first run, and leaves nothing behind', async () => {
  const out = join(folder.path, 'no room')
  const flags = ['--problem', 'consensus:1000000', '--nodes', '100', '--rounds', '2', '--memory', '3', '--out', out]
  const { code, stderr } = await runMurmur(['compare', '--strategies', 'd-psgd,choco-sgd', '--seeds', '1', ...flags])
  assert.is(code, 3, stderr)
  assert.match(stderr, '9.1 GB of memory; 3.0 GB are free')
  assert.not.match(stderr, 'run 1')
  assert.not.ok(existsSync(out))
})

compare('refuses a target that the problem cannot tell', async () => {
  const flags = ['--problem', 'quadratic:10', '--until', 'accuracy=0.9', '--out', join(folder.path, 'refused')]
  const { code, stderr } = await runMurmur(['compare', '--strategies', 'd-psgd', ...swarm, ...flags])
  assert.is(code, 2, stderr)
  assert.match(stderr, '--until accuracy=0.9: quadratic:10 has no labels; expected loss, as in loss=0.1.')
})

compare('reads compressor, topology and round memory of a strategy', () => {
  assert.equal(parseVariants('choco-sgd:0.2/top-k:0.01+quantize:8@random-regular:4~outer:0.5,d-psgd~outer'), [
    {
      name: 'choco-sgd:0.2/top-k:0.01+quantize:8@random-regular:4~outer:0.5',
      averaging: 'choco-sgd:0.2',
      compress: 'top-k:0.01+quantize:8',
      budget: undefined,
      topology: 'random-regular:4',
      roundMemory: 'outer:0.5'
    },
    {
      name: 'd-psgd~outer',
      averaging: 'd-psgd',
      compress: undefined,
      budget: undefined,
      topology: undefined,
      roundMemory: 'outer'
    }
  ])
})

compare('reads a budget as part of a strategy', () => {
  const [{ compress, topology }] = parseVariants('anti-entropy/adaptive-top-k:6.4KB/round@ring')
  assert.equal([compress, topology], ['adaptive-top-k:6.4KB/round', 'ring'])
  const [short] = parseVariants('anti-entropy/6.4KB/round@ring')
  assert.equal([short.compress, short.budget, short.topology], [undefined, '6.4KB/round', 'ring'])
})

compare('takes the median of an even number between the two in the middle', () => {
  assert.equal(medianOf([4, 1, 3, 10]), { median: 3.5, min: 1, max: 10 })
})

compare.run()
