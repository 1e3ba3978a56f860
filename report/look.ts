import { parseHTML } from 'linkedom'

/** How one series looks in every chart of a page: never told by its colour alone. */
export interface Look {
  /** CSS colour: a variable that the page sets for light and dark, elsewhere its fallback holds. */
  readonly colour: string
  /** SVG dash pattern. */
  readonly dash: string
  readonly symbol: 'circle' | 'square' | 'triangle' | 'diamond' | 'star' | 'cross'
}

/**
 * Colours that people with any colour blindness tell apart, on light and on dark paper.
 *
 * Source: Okabe, Ito, "Color Universal Design", 2008; lightened for dark, and darkened where light paper swallows them.
 */
export const palette: readonly { readonly light: string; readonly dark: string }[] = [
  { light: '#0072b2', dark: '#5ab4e5' },
  { light: '#d55e00', dark: '#ff9a52' },
  { light: '#009e73', dark: '#3ecfa3' },
  { light: '#b0568c', dark: '#e49ac4' },
  { light: '#8a6d00', dark: '#f0d043' },
  { light: '#4a4a4a', dark: '#cfcfcf' }
]

const dashes = ['none', '7 3', '2 3', '9 3 2 3', '4 2', '12 4']
const symbols = ['circle', 'square', 'triangle', 'diamond', 'star', 'cross'] as const

/** @param index - of the series; colours come again after the last, with other dashes and symbols */
export function lookOf(index: number): Look {
  const turn = Math.floor(index / palette.length)
  return {
    colour: `var(--series-${index % palette.length}, ${palette[index % palette.length].light})`,
    dash: dashes[(index + turn) % dashes.length],
    symbol: symbols[(index + turn) % symbols.length]
  }
}

/** Where the plotting library draws; no browser. */
export const drawingDocument: Document = parseHTML('<html><body></body></html>').document

/** An SVG as text, with a name and a description for those who do not see it. Changes the element. */
export function svgText(svg: Element, title: string, description: string): string {
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', title)
  const about = drawingDocument.createElementNS('http://www.w3.org/2000/svg', 'desc')
  about.textContent = description
  svg.prepend(about)
  return svg.outerHTML
}
