import { Command } from 'commander'
import type { PeerStatus } from '../../node/index.js'
import { askNode } from '../control.js'
import { homeOption } from '../device.js'
import { option } from '../options.js'
import { formatBytes, formatTable, printJson, printResult, shortPeer } from '../output.js'

export function peersCommand(): Command {
  return new Command('peers')
    .description('the members of the swarm, as the node on this device sees them')
    .addOption(homeOption())
    .addOption(option('--json', 'as JSON'))
    .action(async ({ home, json }: { home: string; json?: boolean }) => {
      const peers = await askNode<PeerStatus[]>(home, '/api/peers')
      if (json === true) printJson(peers)
      else printResult(peers.length === 0 ? 'No peers yet.' : formatTable([header, ...peers.map(row)]))
    })
}

const header = ['PEER', 'STATE', 'ROUND', 'WEIGHT', 'RTT', 'IN', 'OUT', 'REJECTED']

function row({ peer, state, round, weight, rttMs, bytes, rejected }: PeerStatus): string[] {
  const refused = Object.entries(rejected).map(([reason, count]) => `${count} ${reason}`)
  return [
    shortPeer(peer),
    state,
    String(round),
    weight?.toFixed(2) ?? '-',
    rttMs === undefined ? '-' : `${rttMs.toFixed(0)} ms`,
    formatBytes(bytes.received),
    formatBytes(bytes.sent),
    refused.join(', ') || '0'
  ]
}
