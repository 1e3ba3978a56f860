import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidParametersError } from '../../learning/errors.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import { escapeHtml, grid, htmlPage, htmlTable, lineChart, topologyPlot, type Section } from '../../report/index.js'
import { OutputError } from '../errors.js'
import { formatBytes, formatShare, shortPeer } from '../output.js'
import { curveOf } from './curves.js'
import { readRounds, type RoundLine, type Run } from './read-run.js'
import { quoted, swarmCommandOf } from './repeat.js'
import { results } from './results.js'

/** More nodes than this are not listed one by one. */
const listedNodes = 256

/**
 * Write `report.html` into a run's folder: one file that needs nothing else to be read.
 *
 * @returns its path
 * @throws NoRunError when the record cannot be read, OutputError when nothing can be written
 */
export function writeReport(run: Run): string {
  const path = join(run.folder, 'report.html')
  const page = htmlPage(reportOf(run, readRounds(run)))
  try {
    writeFileSync(path, page)
  } catch (cause) {
    throw new OutputError(`${path} cannot be written: ${(cause as Error).message}.`, { cause })
  }
  return path
}

function reportOf(run: Run, lines: readonly RoundLine[]): Parameters<typeof htmlPage>[0] {
  const { config, summary } = run
  const { settings } = config
  const simulated = summary.real !== undefined
  const command = simulated ? `murmur simulate --replay ${quoted(run.folder)}` : swarmCommandOf(config)
  return {
    title: `Run ${run.id}`,
    facts: [
      `${config.nodes} nodes of ${config.samples ?? 'equal shares of'} rows (${config.dataset}, ${config.partition}), ${settings.topology}`,
      `${settings.averaging}, ${settings.compress}, ${settings.optimizer} ${settings.learningRate}, ${settings.localSteps} local steps a round, seed ${settings.seed}`
    ],
    sections: [
      { title: 'Result', html: htmlTable([['Figure', 'Value'], ...results(run)]) },
      {
        title: 'Curves and topology',
        text: 'The mean over nodes; the shade reaches from the least to the greatest.',
        html: curves(run, lines)
      },
      nodes(run),
      {
        title: 'Run it again',
        text: simulated
          ? 'All that the run depends on is in config.json; a replay does it again and compares, round by round.'
          : 'All that a run depends on is in config.json; these flags are what differs from the defaults.',
        html: `<pre><code>${escapeHtml(command)}</code></pre>`
      }
    ]
  }
}

function curves(run: Run, lines: readonly RoundLine[]): string {
  const { summary } = run
  const x = { label: 'round' }
  const isClass = summary.accuracy !== null
  const score = isClass ? 'accuracy' : 'r2'
  const scored = curveOf(score, lines, line => line[score], 1)
  const sent = curveOf('sent a node', lines, ({ bytesSent }) => bytesSent, 2)
  const sentBy = new Map(sent.points)
  return grid([
    lineChart({
      title: 'Training loss',
      x,
      y: { label: 'loss' },
      series: [curveOf('loss', lines, ({ loss }) => loss)]
    }),
    lineChart({
      title: isClass ? 'Accuracy on held-out rows' : 'R² on held-out rows',
      x,
      y: { label: score, format: isClass ? value => `${Math.round(100 * value)} %` : undefined },
      series: [scored]
    }),
    lineChart({ title: 'Bytes sent a node', x, y: { label: 'bytes', format: formatBytes }, series: [sent] }),
    lineChart({
      title: `${isClass ? 'Accuracy' : 'R²'} against bytes`,
      x: { label: 'bytes sent a node', format: formatBytes },
      y: { label: score, format: isClass ? value => `${Math.round(100 * value)} %` : undefined },
      series: [
        { name: score, look: 1, points: scored.points.map(([round, value]) => [sentBy.get(round) ?? NaN, value]) }
      ]
    }),
    ...topology(run)
  ])
}

/** None when the topology does not exist for so many nodes. */
function topology({ config, summary }: Run): string[] {
  const { topology: spec, seed } = config.settings
  try {
    const graph = createTopology(spec).graph(config.nodes, seed)
    const of = summary.perNode.map(({ accuracy, r2 }) => accuracy ?? r2)
    const isClass = summary.accuracy !== null
    const values = isClass
      ? { name: 'accuracy', of, format: formatShare }
      : { name: 'r2', of, format: (value: number) => value.toFixed(3) }
    return [topologyPlot({ title: `Who averages with whom: ${spec}`, graph, values })]
  } catch (error) {
    if (error instanceof InvalidParametersError) return []
    throw error
  }
}

function nodes({ summary }: Run): Section {
  const shown = summary.perNode.slice(0, listedNodes)
  const isClass = summary.accuracy !== null
  const rows = shown.map(({ node, peer, state, round, loss, accuracy, r2, bytesSent, bytesReceived, rejected }) => [
    String(node),
    shortPeer(peer),
    state,
    String(round),
    loss?.toFixed(3) ?? '–',
    accuracy !== null ? formatShare(accuracy) : (r2?.toFixed(3) ?? '–'),
    formatBytes(bytesSent),
    formatBytes(bytesReceived),
    Object.entries(rejected)
      .map(([reason, count]) => `${count} ${reason}`)
      .join(', ') || '0'
  ])
  const header = ['Node', 'Peer', 'State', 'Round', 'Loss', isClass ? 'Accuracy' : 'R²', 'Sent', 'Received', 'Refused']
  const left = summary.perNode.length - shown.length
  const text = left > 0 ? `The first ${listedNodes}; the other ${left} are in summary.json.` : undefined
  return { title: 'Nodes', text, html: htmlTable([header, ...rows]) }
}
