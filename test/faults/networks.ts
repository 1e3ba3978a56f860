import { fileURLToPath } from 'node:url'
import { consensusDistance } from '../../learning/parameters.js'
import { fixture } from '../helpers/fixture.js'
import { linkVariable, type PoorLink } from '../helpers/poor-link.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { withCommands } from '../helpers/run-murmur.js'
import { eight, median, seconds, type Extent, type Fault, type Outcome } from './fault.js'
import { pause, withSwarm, type FaultNode, type FaultSwarm } from './fault-swarm.js'
import { Network, withoutNamespaces } from './namespaces.js'

const poorLink = fileURLToPath(new URL('../helpers/poor-link.js', import.meta.url))

/** A round lasts as long on any machine, so that bars in rounds mean the same. */
const minRoundMs = 1000

async function onNetwork<T>(
  extent: Extent,
  size: number,
  run: (swarm: FaultSwarm, network: Network) => Promise<T>
): Promise<T> {
  const network = new Network(size)
  try {
    const place = (node: number): ReturnType<Network['placeOf']> => network.placeOf(node)
    return await withSwarm({ ...eight(extent), nodes: size, minRoundMs, place }, swarm => run(swarm, network))
  } finally {
    network.close()
  }
}

/** From the sketches that nodes tell: of the models that they ended their latest round with. */
function distance(nodes: readonly FaultNode[]): number {
  return consensusDistance(nodes.map(({ rounds }) => rounds.at(-1)!.sketch))
}

const partition: Fault = {
  fullOnly: true,
  name: 'partition 4/4 for 30 s (quick: 12 s), healed',
  bar: 'both sides learn meanwhile; consensus distance back within 10 rounds; nothing restarted',
  unavailable: withoutNamespaces,
  run: extent =>
    onNetwork(extent, 8, async (swarm, network) => {
      await swarm.advance(8)
      const before = distance(swarm.nodes)
      const rounds = swarm.nodes.map(({ round }) => round)
      network.partition(true)
      await pause(extent === 'full' ? 30_000 : 12_000)
      const learned = Math.min(...swarm.nodes.map(({ round }, i) => round - rounds[i]))
      const apart = distance(swarm.nodes)
      network.partition(false)
      const healedAt = Math.max(...swarm.nodes.map(({ round }) => round))
      let needed = 0
      do {
        await swarm.advance(1)
        needed = Math.max(...swarm.nodes.map(({ round }) => round)) - healedAt
      } while (distance(swarm.nodes) > 1.5 * before && needed < 60)
      const ok = learned >= 3 && needed <= 10 && swarm.running.length === 8
      const distances = `${before.toFixed(2)}, ${apart.toFixed(2)}, ${distance(swarm.nodes).toFixed(2)}`
      return { ok, reached: `${learned} rounds meanwhile; back after ${needed} rounds; distances ${distances}` }
    })
}

/** Rounds go on, and every node still averages with somebody. */
async function averages(swarm: FaultSwarm, extent: Extent, worsen: () => void): Promise<Outcome> {
  await swarm.advance(3)
  worsen()
  const from = swarm.nodes.map(({ rounds }) => rounds.length)
  await swarm.advance(extent === 'full' ? 20 : 6, 240_000)
  const later = swarm.nodes.map(({ rounds }, i) => rounds.slice(from[i] + 2))
  const averaged = later.map(ended => ended.filter(({ averagedWith }) => averagedWith > 0).length / ended.length)
  const times = later.flatMap(ended => ended.slice(1).map(({ atMs }, i) => atMs - ended[i].atMs))
  const share = `${(100 * Math.min(...averaged)).toFixed(0)} % of rounds averaged at the worst node`
  return {
    ok: swarm.running.length === 4 && Math.min(...averaged) >= 0.5,
    reached: `${share}, a round takes ${seconds(median(times))}`
  }
}

const oneWay: Fault = {
  fullOnly: true,
  name: 'one-way loss: 0 can send nothing to 1 (4 nodes)',
  bar: 'learning goes on; deadlines adapt',
  unavailable: withoutNamespaces,
  run: extent => onNetwork(extent, 4, (swarm, network) => averages(swarm, extent, () => network.silence(0, 1)))
}

function poor(name: string, link: PoorLink): Fault {
  return {
    fullOnly: true,
    name: `${name} on all links (4 nodes)`,
    bar: 'learning goes on; deadlines adapt',
    run: extent => {
      const init = {
        ...eight(extent),
        nodes: 4,
        minRoundMs,
        preload: poorLink,
        env: { [linkVariable]: JSON.stringify(link) }
      }
      return withSwarm(init, swarm =>
        averages(swarm, extent, () => {
          for (const { child } of swarm.nodes) child.kill('SIGUSR2')
        })
      )
    }
  }
}

const multicast: Fault = {
  fullOnly: true,
  name: 'two nodes that nobody introduced, on one local network, with --mdns',
  bar: 'they average with each other within 10 s of the second one listening',
  unavailable: withoutNamespaces,
  async run() {
    const network = new Network(2)
    try {
      return await withCommands(async start => {
        const home = temporaryFolder().path
        const [first, second] = [0, 1].map(node =>
          start(
            ['up', '--data', fixture('digits.csv'), '--home', `${home}/${node}`, '--host', '0.0.0.0', '--port', '0', '--http', '0', '--round-interval', '0.1', '--mdns', '--json'], // prettier-ignore
            { through: network.placeOf(node).through }
          )
        )
        await first.writes('stderr', /^listening/m)
        await second.writes('stderr', /^listening/m)
        const beganMs = performance.now()
        await Promise.all([first, second].map(node => node.writes('stdout', /"averagedWith":1/)))
        const ms = performance.now() - beganMs
        return { ok: ms <= 10_000, reached: `after ${seconds(ms)}` }
      })
    } finally {
      network.close()
    }
  }
}

export const networks: readonly Fault[] = [
  multicast,
  partition,
  oneWay,
  poor('30 % loss', { loss: 0.3 }),
  poor('500 ms latency', { latencyMs: 500 }),
  poor('64 kB/s', { bytesPerSecond: 64 * 1024 })
]
