import { createLogUpdate } from 'log-update'
import { formatBytes, formatSeconds, formatShare, formatTable, narrate, shortPeer } from '../output.js'
import type { SwarmView } from './run-swarm.js'
import type { Scoreboard, SwarmRound } from './scoreboard.js'

/** Short rounds must not wait for a terminal. */
const redrawMs = 100

/** A table that is drawn again in place; for a terminal. */
export function liveView(rounds: number): SwarmView {
  const draw = createLogUpdate(process.stderr)
  let peers: readonly string[] = []
  let last: SwarmRound | undefined
  let text = ''
  let drawnAt = -Infinity
  const show = (scores: Scoreboard): void => {
    const rows = peers.map((peer, index) => {
      const latest = scores.latest.get(index)
      const evaluation = scores.evaluations.get(index)
      const figure = evaluation?.accuracy ?? evaluation?.r2
      const round = latest?.round ?? 0
      return [
        String(index),
        shortPeer(peer),
        bar(round / rounds),
        `${round}/${rounds}`,
        latest?.loss.toFixed(3) ?? '-',
        figure === undefined ? '-' : evaluation?.accuracy === undefined ? figure.toFixed(3) : formatShare(figure),
        `↑ ${formatBytes(latest?.bytesSent ?? 0)}`
      ]
    })
    const table = formatTable([['NODE', 'PEER', '', 'ROUND', 'LOSS', 'SCORE', 'SENT'], ...rows])
    const swarm = last === undefined ? ['the first round is under way'] : describeRound(last, rounds)
    text = [table, '', ...swarm].join('\n')
    if (performance.now() - drawnAt >= redrawMs) redraw()
  }
  const redraw = (): void => {
    drawnAt = performance.now()
    if (text !== '') draw(text)
  }
  return {
    started(known) {
      peers = known
    },
    roundEnded(round, scores) {
      last = round
      show(scores)
    },
    nodeAdvanced: show,
    note(line) {
      draw.clear()
      narrate(line)
      redraw()
    },
    stopped() {
      redraw()
      draw.done()
      text = ''
    }
  }
}

/** A line a round; for logs and pipes. */
export function lineView(rounds: number): SwarmView {
  return {
    started: peers => narrate(`${peers.length} nodes are up`),
    roundEnded: round => narrate(describeRound(round, rounds).join('  ')),
    nodeAdvanced() {},
    note: narrate,
    stopped() {}
  }
}

/** Show the same run in several places. */
export function allOf(views: readonly SwarmView[]): SwarmView {
  return {
    started: peers => views.forEach(view => view.started(peers)),
    roundEnded: (round, scores) => views.forEach(view => view.roundEnded(round, scores)),
    nodeAdvanced: scores => views.forEach(view => view.nodeAdvanced(scores)),
    note: text => views.forEach(view => view.note(text)),
    stopped: () => views.forEach(view => view.stopped())
  }
}

/** @returns what was learned, and what it cost */
function describeRound(ended: SwarmRound, rounds: number): [scores: string, costs: string] {
  const { round, loss, accuracy, r2, consensusDistance, bytesSentPerNode, seconds } = ended
  const scores = [`round ${round}/${rounds}`, `loss ${loss.toFixed(3)}`]
  if (accuracy !== undefined) {
    scores.push(`accuracy ${formatShare(accuracy.mean)} (${formatShare(accuracy.min)} to ${formatShare(accuracy.max)})`)
  }
  if (r2 !== undefined) scores.push(`r2 ${r2.mean.toFixed(3)} (${r2.min.toFixed(3)} to ${r2.max.toFixed(3)})`)
  scores.push(`consensus ${consensusDistance.toFixed(2)}`)
  const costs = [`↑ ${formatBytes(bytesSentPerNode)} a node`, formatSeconds(seconds)]
  if (round < rounds) costs.push(`about ${formatSeconds((seconds / round) * (rounds - round))} left`)
  return [scores.join('  '), costs.join('  ')]
}

function bar(done: number): string {
  const width = 20
  const filled = Math.min(width, Math.round(done * width))
  return '█'.repeat(filled) + '░'.repeat(width - filled)
}
