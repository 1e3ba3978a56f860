import { consensusDistance } from '../../learning/parameters.js'
import { eight, median, seconds, type Extent, type Fault } from './fault.js'
import { pause, withSwarm, type FaultNode, type FaultSwarm } from './fault-swarm.js'
import { Network, withoutNamespaces, withoutRule } from './namespaces.js'

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
function worse(name: string, fullOnly: boolean, rule: string | undefined, worsen: (network: Network) => void): Fault {
  return {
    name,
    bar: 'learning goes on; deadlines adapt',
    ...(fullOnly ? { fullOnly: true } : {}),
    unavailable: () => (rule === undefined ? withoutNamespaces() : withoutRule(rule)),
    run: extent =>
      onNetwork(extent, 4, async (swarm, network) => {
        await swarm.advance(3)
        worsen(network)
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
      })
  }
}

function all(rule: string): (network: Network) => void {
  return network => {
    for (let node = 0; node < 4; node++) network.worsen(node, rule)
  }
}

const slow = 'tbf rate 512kbit burst 16kb latency 2s'

export const networks: readonly Fault[] = [
  partition,
  worse('one-way loss: 0 can send nothing to 1', true, undefined, network => network.silence(0, 1)),
  worse('30 % loss on all links (4 nodes)', true, 'netem loss 30%', all('netem loss 30%')),
  worse('500 ms latency on all links (4 nodes)', true, 'netem delay 500ms', all('netem delay 500ms')),
  worse('64 kB/s links (4 nodes)', true, slow, all(slow))
]
