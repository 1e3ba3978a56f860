import { byId, create, createSvg, roving, setAttribute, setText } from './dom.js'
import { levelOf } from './levels.js'
import type { Model } from './model.js'
import { shapeOf } from './shapes.js'
import type { Node } from './wire.js'
import { bytes, nodeState, score } from './words.js'

interface Row {
  readonly row: HTMLTableRowElement
  readonly name: HTMLButtonElement
  readonly mark: SVGPathElement
  readonly cells: ReadonlyMap<Column, HTMLElement>
}

const columns = ['state', 'round', 'loss', 'score', 'sent', 'received', 'refused'] as const
type Column = (typeof columns)[number]

/** Node 10 after node 9. */
const byNumber = new Intl.Collator(undefined, { numeric: true })

/** A row a node, by name; only what has changed is written. */
export class NodeTable {
  readonly #body = byId<HTMLTableSectionElement>('nodes')
  readonly #rows = new Map<string, Row>()
  readonly #itemsCame: () => void
  readonly #open: (peer: string) => void

  constructor(open: (peer: string) => void) {
    this.#open = open
    this.#itemsCame = roving(this.#body, 'button')
  }

  draw({ nodes, state }: Model): void {
    setText(byId('score-column'), state.task.figure === 'accuracy' ? 'Accuracy' : 'R²')
    for (const [peer, { row }] of this.#rows) {
      if (nodes.has(peer)) continue
      row.remove()
      this.#rows.delete(peer)
    }
    const before = this.#rows.size
    for (const node of nodes.values()) this.#drawRow(this.#rows.get(node.peer) ?? this.#create(node), node, state)
    if (this.#rows.size !== before) this.#itemsCame()
  }

  /** Between its neighbours by name. Other rows stay where they are, and so does the focus. */
  #create({ peer, name: nodeName }: Node): Row {
    const row = create('tr')
    const head = create('th')
    head.scope = 'row'
    const name = create('button', 'link')
    name.type = 'button'
    name.addEventListener('click', () => this.#open(peer))
    const icon = createSvg('svg', { class: 'mark', viewBox: '-8 -8 16 16', 'aria-hidden': 'true' })
    const mark = createSvg('path', { class: 'shape' })
    icon.append(mark)
    head.append(icon, name)
    const cells = new Map(columns.map(column => [column, create('td', column)]))
    row.append(head, ...cells.values())
    row.dataset.name = nodeName
    const later = [...this.#body.rows].find(other => byNumber.compare(other.dataset.name ?? '', nodeName) > 0)
    this.#body.insertBefore(row, later ?? null)
    const made = { row, name, mark, cells }
    this.#rows.set(peer, made)
    return made
  }

  #drawRow({ row, name, mark, cells }: Row, node: Node, { self, task }: Model['state']): void {
    setAttribute(row, 'data-state', node.state)
    setAttribute(row, 'data-level', levelOf(node.score))
    setAttribute(mark, 'd', shapeOf(node.state, 6))
    setText(name, node.peer === self ? `${node.name} (this node)` : node.name)
    const refused = Object.values(node.rejected).reduce((a, b) => a + b, 0)
    const texts: Readonly<Record<Column, string>> = {
      state: nodeState(node),
      round: String(node.round),
      loss: node.loss?.toFixed(3) ?? '–',
      score: node.score === null ? '–' : score(node.score, task.figure),
      sent: bytes(node.bytesSent),
      received: bytes(node.bytesReceived),
      refused: String(refused)
    }
    for (const column of columns) setText(cells.get(column)!, texts[column])
  }
}
