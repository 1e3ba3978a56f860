import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { pathToFileURL } from 'node:url'
import { createNode, type MurmurNode, type NodeOptions, type RoundRecord } from '../../node/index.js'
import { loadOwnData } from '../../node/own-data.js'
import { fixture } from './fixture.js'
import { temporaryFolder } from './temporary-folder.js'
import { within } from './within.js'

const folder = temporaryFolder()
const [header, ...rows] = readFileSync(fixture('iris.csv'), 'utf8').trim().split(/\r?\n/)
const timeoutMs = 10_000

/** Every other row, so that each half has all classes. */
function half(index: 0 | 1): string {
  return folder.write(`half-${index}.csv`, [header, ...rows.filter((_, row) => row % 2 === index)].join('\n'))
}

function create(options: Partial<NodeOptions>): Promise<MurmurNode> {
  return createNode({ data: half(0), listen: ['/ip4/127.0.0.1/tcp/0'], rounds: 5, ...options })
}

const setosa = { sepal_length_cm: 5.1, sepal_width_cm: 3.5, petal_length_cm: 1.4, petal_width_cm: 0.2 }

/** Not for the compiled plan, which knows no penalties on weights. */
const withPenalty = {
  class_name: 'Sequential',
  config: {
    layers: [
      {
        class_name: 'Dense',
        config: {
          name: 'output',
          units: 3,
          activation: 'softmax',
          kernel_regularizer: { class_name: 'L1L2', config: { l1: 0, l2: 0.01 } },
          batch_input_shape: [null, 4]
        }
      }
    ]
  }
}

/** Lives of nodes. After each, nothing must keep the process alive. */
export const lifecycles = {
  /** @returns what both learned and answered */
  async learnTogether() {
    const first = await create({ settings: { localSteps: 10 } })
    await first.open()
    const second = await create({ data: half(1), join: first.addresses })
    const nodes = [first, second]
    try {
      await second.open()
      const linked = await Promise.all(nodes.map(node => node.linked(2, timeoutMs)))
      const rounds = nodes.map((): RoundRecord[] => [])
      const finished = nodes.map((node, i) => {
        node.on('round', record => rounds[i].push(record))
        return once(node, 'finished')
      })
      for (const node of nodes) node.start()
      await within(Promise.all(finished), timeoutMs, 'both nodes to finish')
      const answers = await Promise.all(nodes.map(node => node.predict([setosa])))
      return { linked, rounds, answers, ids: nodes.map(({ peerId }) => peerId) }
    } finally {
      await Promise.all(nodes.map(node => node.stop()))
    }
  },

  /** @returns what a node with a broken row was warned of, learned and answered */
  async learnFromBrokenRow() {
    const warnings: string[] = []
    const ignore = (): void => {}
    const log = { error: ignore, warn: (message: string) => void warnings.push(message), info: ignore, debug: ignore }
    const node = await create({
      data: schema => {
        const loaded = loadOwnData(half(0), { schema })
        loaded.split.train.features[0] = NaN
        return loaded
      },
      settings: { localSteps: 1 },
      rounds: 60,
      log
    })
    try {
      let last: RoundRecord | undefined
      node.on('round', record => (last = record))
      await node.open()
      node.start()
      await within(once(node, 'finished'), timeoutMs, 'the node to finish')
      return { warnings, last, answer: await node.predict([setosa]) }
    } finally {
      await node.stop()
    }
  },

  async stopTwice() {
    const node = await create({ home: folder.path })
    await node.open()
    node.start()
    await within(once(node, 'round'), timeoutMs, 'a round')
    await Promise.all([node.stop(), node.stop()])
    await node.stop()
  },

  async stopWhileOpening() {
    const node = await create({})
    const opening = node.open()
    await node.stop()
    await opening
  },

  async stopWhileLinking() {
    const node = await create({})
    await node.open()
    const linked = node.linked(2, 10 * timeoutMs)
    await node.stop()
    return linked
  },

  /** @returns the errors: data that do not fit the task, nobody there, a worker that does not take the model */
  async failHalfWay() {
    const first = await create({})
    await first.open()
    const data = folder.write('wrong.csv', 'a,label\n1,setosa\n2,virginica\n')
    const unfit = await failing({ data, join: first.addresses })
    await first.stop()
    const alone = await failing({ join: ['/ip4/127.0.0.1/tcp/1'], joinTimeoutMs: 100 })
    return [unfit, alone, await failing({ backend: 'plan', settings: { model: withPenalty } })]
  }
}

/** @returns the name of the error */
async function failing(options: Partial<NodeOptions>): Promise<string> {
  try {
    await create(options)
  } catch (error) {
    return (error as Error).name
  }
  return 'none'
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const result = await lifecycles[process.argv[2] as keyof typeof lifecycles]()
  process.stdout.write(JSON.stringify(result ?? null))
}
