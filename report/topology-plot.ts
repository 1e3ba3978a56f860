import * as Plot from '@observablehq/plot'
import type { Graph } from '../learning/topology/topology.js'
import { escapeHtml } from './html.js'
import { drawingDocument, svgText } from './look.js'

export interface TopologyPlot {
  readonly title: string
  readonly graph: Graph
  /** A figure of each node, shown by its colour; null where there is none. @default all nodes look alike */
  readonly values?: NodeValues
}

export interface NodeValues {
  readonly name: string
  readonly of: readonly (number | null)[]
  readonly format: (value: number) => string
}

interface Ends {
  readonly a: number
  readonly b: number
}

/** More than this and a drawing shows nothing: then it is said in words. */
const maxDrawnNodes = 256
const size = 340
/** Cividis from dark to bright: more is brighter, so it reads without colours. */
const ramp = ['#31446b', '#666870', '#958f78', '#cbba69', '#fee838']

/** Nodes on a circle and who averages with whom, as HTML: a `figure` like those of `lineChart`. */
export function topologyPlot({ title, graph, values }: TopologyPlot): string {
  const caption = `<figcaption>${escapeHtml(title)}</figcaption>`
  const edges = graph.neighbours.flatMap((ends, a) => ends.filter(b => a < b).map((b): Ends => ({ a, b })))
  const summary = `${graph.size} nodes, ${edges.length} edges, degree ${degrees(graph)}`
  if (graph.size > maxDrawnNodes) return `<figure>${caption}<p>${summary}; too many to draw</p></figure>`
  const nodes = graph.neighbours.map((_, node) => ({
    node,
    ...place(node, graph.size),
    value: values?.of[node] ?? null
  }))
  const known = nodes.flatMap(({ value }) => value ?? [])
  const low = Math.min(...known)
  const high = Math.max(...known)
  const svg = Plot.plot({
    document: drawingDocument,
    width: size,
    height: size,
    margin: 16,
    axis: null,
    x: { domain: [-1, 1] },
    y: { domain: [-1, 1] },
    color: { type: 'linear', domain: low < high ? [low, high] : [low - 1, low], range: ramp, interpolate: 'rgb' },
    marks: [
      Plot.link(edges, {
        x1: ({ a }: Ends) => nodes[a].x,
        y1: ({ a }: Ends) => nodes[a].y,
        x2: ({ b }: Ends) => nodes[b].x,
        y2: ({ b }: Ends) => nodes[b].y,
        strokeOpacity: Math.max(0.08, Math.min(0.5, 24 / edges.length))
      }),
      Plot.dot(nodes, {
        x: 'x',
        y: 'y',
        r: Math.max(3, Math.min(12, (0.38 * Math.PI * size) / graph.size)),
        fill: known.length === 0 ? 'var(--series-0, #0072b2)' : 'value',
        stroke: 'currentColor',
        title: ({ node, value }: (typeof nodes)[number]) =>
          value === null || values === undefined ? `node ${node}` : `node ${node}: ${values.format(value)}`
      })
    ]
  })
  svg.classList.add('topology')
  const legend = values === undefined || known.length === 0 ? '' : colourScale(values, low, high)
  return `<figure>${caption}${legend}${svgText(svg, title, `${summary}.`)}<p>${summary}</p></figure>`
}

function colourScale({ name, format }: NodeValues, low: number, high: number): string {
  const bar = `<span class="ramp" style="background:linear-gradient(to right,${ramp.join()})"></span>`
  const [from, to] = [format(low), format(high)].map(escapeHtml)
  return `<ul class="legend"><li>${escapeHtml(name)} ${from} ${bar} ${to}</li></ul>`
}

/** Node 0 at the top, then clockwise. */
function place(node: number, nodes: number): { x: number; y: number } {
  const angle = (2 * Math.PI * node) / nodes
  return { x: Math.sin(angle), y: Math.cos(angle) }
}

function degrees({ neighbours }: Graph): string {
  const all = neighbours.map(({ length }) => length)
  const [least, most] = [Math.min(...all), Math.max(...all)]
  return least === most ? `${least}` : `${least} to ${most}`
}
