import { create } from './dom.js'
import type { Label } from './wire.js'

/** What a node answers. */
export interface Answer {
  readonly predictions: readonly Prediction[]
  readonly round: number
  /** The peer that has answered. */
  readonly node: string
}

export type Prediction =
  | { readonly kind: 'class'; readonly label: string; readonly probabilities: Readonly<Record<string, number>> }
  | { readonly kind: 'number'; readonly value: number }

/** Classes with less to say for them are left out, beyond this many. */
const shownClasses = 10

/** The answer to one example: the class in large, and a bar a class; or the number. */
export function showAnswer(prediction: Prediction, { name }: Label): HTMLElement[] {
  if (prediction.kind === 'number')
    return [create('output', 'best', prediction.value.toPrecision(5)), create('p', 'note', name)]
  const { label, probabilities } = prediction
  const all = Object.entries(probabilities)
  const shown = all.length <= shownClasses ? all : all.sort(([, a], [, b]) => b - a).slice(0, shownClasses)
  const bars = create('ul', 'bars')
  for (const [text, share] of shown) {
    const bar = create('li', text === label ? 'most' : '')
    const meter = create('meter')
    meter.value = share
    meter.setAttribute('aria-label', text)
    bar.append(create('span', 'class', text), meter, create('span', 'share', percent(share)))
    bars.append(bar)
  }
  const best = create('output', 'best', label)
  best.append(create('small', '', percent(probabilities[label])))
  return [best, bars]
}

/** Answers to many examples, a line each. */
export function showAnswers(predictions: readonly Prediction[]): HTMLElement[] {
  const list = create('ol', 'answers')
  list.append(
    ...predictions.map(each =>
      create(
        'li',
        '',
        each.kind === 'number' ? each.value.toPrecision(5) : `${each.label}  ${percent(each.probabilities[each.label])}`
      )
    )
  )
  return [list]
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
