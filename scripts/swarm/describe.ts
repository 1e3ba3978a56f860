import { join } from 'node:path'
import { formatBytes, formatSeconds, formatShare, formatTable, shortPeer } from '../output.js'
import type { SwarmPlan } from './config.js'
import type { Summary } from './summary.js'

/** More nodes than this are not listed one by one. */
const listedNodes = 32

/** What is about to be run. */
export function announce({ config, task, rows }: SwarmPlan, folder: string): string {
  const { nodes, dataset, partition, settings } = config
  const memory = settings.roundMemory === undefined ? '' : `, ${settings.roundMemory}`
  return (
    `swarm     ${nodes} nodes of ${rows[0].length} rows each (${dataset}, ${partition}), ` +
    `${settings.topology}\n` +
    `learning  ${settings.averaging}, ${settings.compress}, ${settings.optimizer} ${settings.learningRate}${memory}, ` +
    `${settings.localSteps} local steps, task ${task.name}, seed ${settings.seed}\n` +
    `record    ${folder}`
  )
}

/** A summary for people. */
export function describe(summary: Summary, folder: string): string {
  const { accuracy, r2, bytes, seconds, target: wanted, memory, model, perNode } = summary
  const rows = perNode
    .slice(0, listedNodes)
    .map(row => [
      String(row.node),
      shortPeer(row.peer),
      row.state,
      String(row.round),
      row.loss?.toFixed(3) ?? '-',
      row.accuracy !== null ? formatShare(row.accuracy) : (row.r2?.toFixed(3) ?? '-'),
      formatBytes(row.bytesSent),
      formatBytes(row.bytesReceived)
    ])
  const lines = [
    '',
    formatTable([
      ['NODE', 'PEER', 'STATE', 'ROUND', 'LOSS', accuracy === null ? 'R2' : 'ACCURACY', 'SENT', 'RECEIVED'],
      ...rows
    ]),
    ...(perNode.length > listedNodes ? [`and ${perNode.length - listedNodes} more in summary.json`] : []),
    ''
  ]
  if (accuracy !== null) {
    lines.push(
      `accuracy   mean ${formatShare(accuracy.mean)}, ` +
        `worst ${formatShare(accuracy.min)}, best ${formatShare(accuracy.max)}`
    )
  }
  if (r2 !== null)
    lines.push(`r2         mean ${r2.mean.toFixed(3)}, worst ${r2.min.toFixed(3)}, best ${r2.max.toFixed(3)}`)
  lines.push(
    `consensus  ${summary.consensusDistance.toFixed(2)} after ${summary.rounds} rounds`,
    `bytes      ${formatBytes(bytes.sentPerNode)} sent and ${formatBytes(bytes.receivedPerNode)} received a node`,
    ...(summary.budget === undefined ? [] : [describeBudget(summary.budget)]),
    `time       ${formatSeconds(seconds.wall)}, ${formatSeconds(seconds.cpu)} of CPU for training and network in all`,
    ...(summary.joules === undefined ? [] : [describeEnergy(summary.joules)]),
    `memory     ${formatBytes(memory.maxRssPerNode)} a node`
  )
  if (wanted !== null) {
    const end = wanted.reached
      ? `reached in round ${wanted.round} after ${formatSeconds(seconds.toTarget!)}`
      : 'not reached'
    lines.push(`target     ${wanted.metric}=${wanted.value} ${end}`)
  }
  lines.push(`record     ${folder}`)
  if (model !== undefined) lines.push(`model      ${join(folder, model.folder)}, of node ${model.node}`)
  return lines.join('\n')
}

function describeBudget({ spec, sentPerNode }: NonNullable<Summary['budget']>): string {
  return `budget     ${spec} a node; sent ${formatBytes(sentPerNode)}/${spec.split('/')[1]}`
}

function describeEnergy({ mean, max, computing, radio, wakes }: NonNullable<Summary['joules']>): string {
  const [all, worst, ...parts] = [mean, max, computing, radio, wakes].map(joules => `${joules.toPrecision(3)} J`)
  return `energy     about ${all} a node, worst ${worst}; computing ${parts[0]}, radio ${parts[1]}, wake-ups ${parts[2]}`
}
