import { fileURLToPath } from 'node:url'
import type { Held } from '../helpers/tell-held.js'
import type { Fault } from './fault.js'
import { withSwarm, type FaultNode } from './fault-swarm.js'

const tellHeld = fileURLToPath(new URL('../helpers/tell-held.js', import.meta.url))
const maxGrowthBytes = 10e6
/** Streams and files that come and go: pings, announcements, a checkpoint that is being written. */
const passing = 24

interface Sample extends Held {
  readonly rss: number
}

async function sample(node: FaultNode): Promise<Sample> {
  return { ...(await node.held()), rss: node.rss }
}

/** The second of three, by each figure. */
function middle(samples: readonly Sample[]): Record<Figure, number> {
  const of = (figure: Figure): number => samples.map(each => each[figure]).sort((a, b) => a - b)[samples.length >> 1]
  return {
    rss: of('rss'),
    bytes: of('bytes'),
    eventTargets: of('eventTargets'),
    functions: of('functions'),
    files: of('files')
  }
}

type Figure = 'rss' | 'bytes' | 'eventTargets' | 'functions' | 'files'

const soak: Fault = {
  name: 'soak: 8 nodes, 2,000 rounds in 20 minutes (quick: 300 in 1)',
  fullOnly: true,
  bar: 'after warm-up memory flat within 10 MB a node; streams, listeners and files do not grow',
  run(extent) {
    const [rounds, minRoundMs] = extent === 'full' ? [2000, 600] : [300, 200]
    const settings = { model: 'softmax', localSteps: 4 }
    const init = { nodes: 8, samples: 200, settings, evaluateEvery: 10, homes: true, preload: tellHeld }
    return withSwarm({ ...init, minRoundMs }, async swarm => {
      const samples = swarm.nodes.map((): Sample[] => [])
      // Ten looks, the first after a tenth of the rounds.
      for (let look = 0; look < 10; look++) {
        await swarm.advance(rounds / 10, 10 * 60_000)
        for (const [i, node] of swarm.nodes.entries()) samples[i].push(await sample(node))
      }
      const growth = samples.map(each => {
        const [first, last] = [middle(each.slice(0, 3)), middle(each.slice(-3))]
        return Object.fromEntries(
          Object.entries(last).map(([figure, value]) => [figure, value - first[figure as Figure]])
        )
      }) as Record<Figure, number>[]
      const most = (figure: Figure): number => Math.max(...growth.map(each => each[figure]))
      const { functions } = samples[0][0]
      return {
        ok:
          most('rss') <= maxGrowthBytes &&
          most('bytes') <= maxGrowthBytes &&
          most('eventTargets') <= passing &&
          most('files') <= passing &&
          most('functions') <= functions / 100,
        reached:
          `${rounds} rounds; at most ${megabytes(most('rss'))} of RSS and ${megabytes(most('bytes'))} of heap more, ` +
          `${most('eventTargets')} streams and signals, ${most('functions')} of ${functions} closures, ${most('files')} files more`
      }
    })
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

export const soaks: readonly Fault[] = [soak]
