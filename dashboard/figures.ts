import { byId, setText } from './dom.js'
import type { Model } from './model.js'
import { Sparkline, type Point } from './sparkline.js'
import type { Round } from './wire.js'
import { bytes, score } from './words.js'

const shownRounds = 120

interface Figure {
  readonly id: string
  /** undefined: the round says nothing of it. */
  readonly point: (round: Round) => Point | undefined
}

const figures: readonly Figure[] = [
  { id: 'loss', point: ({ loss }) => (loss === null ? undefined : { value: loss }) },
  { id: 'score', point: ({ score }) => (score && { value: score.mean, low: score.min, high: score.max }) ?? undefined },
  { id: 'consensus', point: ({ consensus }) => (consensus === null ? undefined : { value: consensus }) },
  { id: 'bytes', point: ({ bytes }) => ({ value: bytes }) }
]

/** Four numbers, each with its curve over the latest rounds. */
export class Figures {
  readonly #curves = new Map(figures.map(({ id }) => [id, new Sparkline(byId<SVGSVGElement>(`${id}-curve`))]))

  draw({ rounds, state }: Model): void {
    const { figure } = state.task
    setText(byId('score-name'), figure === 'accuracy' ? 'Accuracy' : 'R²')
    setText(byId('consensus-name'), state.kind === 'swarm' ? 'Consensus distance' : 'Distance to neighbours')
    const shown = rounds.slice(-shownRounds)
    for (const { id, point } of figures) {
      const points = shown.flatMap(round => point(round) ?? [])
      this.#curves.get(id)!.draw(points)
    }
    const last = rounds.at(-1)
    const scored = rounds.findLast(round => round.score !== null)?.score
    const agreed = rounds.findLast(({ consensus }) => consensus !== null)?.consensus
    setText(byId('loss-value'), last?.loss?.toFixed(3) ?? '–')
    setText(byId('score-value'), scored ? score(scored.mean, figure) : '–')
    setText(byId('consensus-value'), agreed?.toFixed(2) ?? '–')
    setText(byId('bytes-value'), last === undefined ? '–' : bytes(last.bytes))
    const range = scored && state.kind === 'swarm'
    setText(
      byId('score-note'),
      range ? `${score(scored.min, figure)} to ${score(scored.max, figure)}` : 'on held-out rows'
    )
    const ratio = last?.ratio
    setText(
      byId('bytes-note'),
      ratio === undefined || ratio === null ? 'nothing sent' : `compressed ${ratio.toFixed(1)} times`
    )
  }
}
