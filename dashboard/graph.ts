import { byId, createSvg, roving, setAttribute, setText } from './dom.js'
import { levelOf } from './levels.js'
import { keyOf, type Model } from './model.js'
import { shapeOf } from './shapes.js'
import type { Link, Node } from './wire.js'
import { nodeState, score } from './words.js'

const centre = 200
const ring = 158
/** An update that passes lights its edge for this long. */
const litMs = 600
/** With more nodes there is no room for texts. */
const namedNodes = 40
const scoredNodes = 16

const kinds = ['down', 'open', 'late', 'refusing', 'lit'] as const

interface Drawn {
  readonly group: SVGGElement
  readonly shape: SVGPathElement
  readonly name: SVGTextElement
  readonly score: SVGTextElement
}

interface Place {
  readonly x: number
  readonly y: number
}

/**
 * The nodes on a circle, in the order of their peer ids, and the links between them. All links of one look are one path,
 * so that many of them cost the browser little.
 */
export class Graph {
  readonly #edges = new Map(kinds.map(kind => [kind, createSvg('path', { class: `edge ${kind}` })]))
  readonly #layer = createSvg('g')
  readonly #open: (peer: string) => void
  readonly #drawn = new Map<string, Drawn>()
  readonly #updates = new Map<string, number>()
  readonly #litUntil = new Map<string, number>()
  readonly #itemsCame: () => void
  #places = new Map<string, Place>()
  #timer: number | undefined

  constructor(open: (peer: string) => void) {
    this.#open = open
    const svg = byId<SVGSVGElement>('graph')
    svg.append(...this.#edges.values(), this.#layer)
    this.#itemsCame = roving(this.#layer, '.node')
  }

  draw(model: Model): void {
    const peers = [...model.nodes.keys()].sort()
    if (peers.length !== this.#places.size || peers.some(peer => !this.#places.has(peer))) this.#arrange(peers)
    const radius = Math.max(4, Math.min(22, (0.62 * Math.PI * ring) / Math.max(peers.length, 1)))
    for (const node of model.nodes.values()) this.#drawNode(node, model, radius)
    this.#light(model)
    this.#drawEdges(model)
  }

  #arrange(peers: readonly string[]): void {
    const alone = peers.length === 1
    this.#places = new Map(
      peers.map((peer, i) => {
        const angle = (2 * Math.PI * i) / peers.length - Math.PI / 2
        const away = alone ? 0 : ring
        return [peer, { x: centre + away * Math.cos(angle), y: centre + away * Math.sin(angle) }]
      })
    )
    for (const peer of peers) if (!this.#drawn.has(peer)) this.#drawn.set(peer, this.#create(peer))
    for (const [peer, { group }] of this.#drawn) {
      const place = this.#places.get(peer)
      if (place === undefined) {
        group.remove()
        this.#drawn.delete(peer)
      } else setAttribute(group, 'transform', `translate(${place.x.toFixed(1)} ${place.y.toFixed(1)})`)
    }
    // In the order of the circle, which the arrow keys follow.
    this.#layer.append(...peers.map(peer => this.#drawn.get(peer)!.group))
    this.#itemsCame()
  }

  #create(peer: string): Drawn {
    const group = createSvg('g', { class: 'node', role: 'button', tabindex: '-1' })
    const shape = createSvg('path', { class: 'shape' })
    const name = createSvg('text', { class: 'name', 'text-anchor': 'middle', dy: '0.35em' })
    const below = createSvg('text', { class: 'below', 'text-anchor': 'middle' })
    group.append(shape, name, below)
    group.addEventListener('click', () => this.#open(peer))
    group.addEventListener('keydown', event => {
      if (event.key !== 'Enter' && event.key !== ' ') return
      event.preventDefault()
      this.#open(peer)
    })
    return { group, shape, name, score: below }
  }

  #drawNode(node: Node, { state, nodes }: Model, radius: number): void {
    const { group, shape, name, score: below } = this.#drawn.get(node.peer)!
    const { figure } = state.task
    const figures = node.score === null ? '' : `, ${figure} ${score(node.score, figure)}`
    setAttribute(group, 'data-state', node.state)
    setAttribute(group, 'data-level', levelOf(node.score))
    setAttribute(group, 'data-self', String(node.peer === state.self))
    setAttribute(group, 'aria-label', `node ${node.name}: ${nodeState(node)}, round ${node.round}${figures}`)
    setAttribute(shape, 'd', shapeOf(node.state, radius))
    const short = node.name.length <= 3
    setText(name, nodes.size <= namedNodes && short ? node.name : '')
    setAttribute(below, 'y', (radius + 13).toFixed(0))
    const text = short && node.score !== null ? score(node.score, figure) : short ? '' : node.name
    setText(below, nodes.size <= scoredNodes ? text : '')
  }

  /** Notice over which links updates have passed. */
  #light({ links }: Model): void {
    const now = performance.now()
    for (const [key, { updates }] of links) {
      const before = this.#updates.get(key)
      this.#updates.set(key, updates)
      if (before !== undefined && updates > before) this.#litUntil.set(key, now + litMs)
    }
    for (const [key, until] of this.#litUntil) if (until <= now) this.#litUntil.delete(key)
    window.clearTimeout(this.#timer)
    if (this.#litUntil.size > 0) {
      this.#timer = window.setTimeout(() => {
        this.#litUntil.clear()
        this.#drawEdges({ links })
      }, litMs)
    }
  }

  #drawEdges({ links }: Pick<Model, 'links'>): void {
    const paths = new Map<string, string[]>(kinds.map(kind => [kind, []]))
    for (const link of links.values()) {
      const from = this.#places.get(link.a)
      const to = this.#places.get(link.b)
      if (from === undefined || to === undefined) continue
      const line = `M${from.x.toFixed(1)} ${from.y.toFixed(1)}L${to.x.toFixed(1)} ${to.y.toFixed(1)}`
      paths.get(this.#kindOf(link))!.push(line)
    }
    for (const [kind, path] of this.#edges) setAttribute(path, 'd', paths.get(kind)!.join(''))
  }

  #kindOf(link: Link): (typeof kinds)[number] {
    return link.state === 'open' && this.#litUntil.has(keyOf(link)) ? 'lit' : link.state
  }
}
