import { createSvg, setAttribute } from './dom.js'

const width = 200
const height = 44
const margin = 3

/** One point of a curve; `low` and `high` where there is a range around it. */
export interface Point {
  readonly value: number
  readonly low?: number
  readonly high?: number
}

/** A small curve without axes, with a band for ranges and a dot at its end. */
export class Sparkline {
  readonly #band = createSvg('path', { class: 'band' })
  readonly #line = createSvg('path', { class: 'line' })
  readonly #end = createSvg('path', { class: 'end' })

  constructor(svg: SVGSVGElement) {
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`)
    svg.setAttribute('preserveAspectRatio', 'none')
    svg.append(this.#band, this.#line, this.#end)
  }

  draw(points: readonly Point[]): void {
    if (points.length === 0) return
    const all = points.flatMap(({ value, low = value, high = value }) => [value, low, high])
    const least = Math.min(...all)
    const range = Math.max(...all) - least || 1
    const x = (i: number): string =>
      (points.length === 1 ? width - 2 * margin : margin + (i / (points.length - 1)) * (width - 2 * margin)).toFixed(1)
    const y = (value: number): string =>
      (height - margin - ((value - least) / range) * (height - 2 * margin)).toFixed(1)
    setAttribute(this.#line, 'd', `M${points.map(({ value }, i) => `${x(i)} ${y(value)}`).join('L')}`)
    const upper = points.map(({ value, high = value }, i) => `${x(i)} ${y(high)}`)
    const lower = points.map(({ value, low = value }, i) => `${x(i)} ${y(low)}`).reverse()
    setAttribute(this.#band, 'd', `M${[...upper, ...lower].join('L')}Z`)
    setAttribute(this.#end, 'd', `M${x(points.length - 1)} ${y(points[points.length - 1].value)}h0`)
  }
}
