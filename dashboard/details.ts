import { byId, create, setText } from './dom.js'
import type { Model } from './model.js'
import { bytes, nodeState, score } from './words.js'

/** One node, opened from the graph or the table. It goes on changing while it is open. */
export class Details {
  readonly #dialog = byId<HTMLDialogElement>('details')
  readonly #list = byId('details-list')
  #peer: string | undefined

  constructor() {
    byId('details-close').addEventListener('click', () => this.#dialog.close())
    // Beside the box is on the dialog itself.
    this.#dialog.addEventListener('click', event => {
      if (event.target === this.#dialog) this.#dialog.close()
    })
    this.#dialog.addEventListener('close', () => (this.#peer = undefined))
  }

  open(peer: string, model: Model): void {
    this.#peer = peer
    this.draw(model)
    this.#dialog.showModal()
  }

  draw({ nodes, links, state }: Model): void {
    const node = this.#peer === undefined ? undefined : nodes.get(this.#peer)
    if (node === undefined) return
    const nameOf = (peer: string): string => nodes.get(peer)?.name ?? peer.slice(-6)
    const neighbours = node.neighbours.map(peer => {
      const [a, b] = [node.peer, peer].sort()
      const link = links.get(`${a} ${b}`)
      return link === undefined || link.state === 'open' ? nameOf(peer) : `${nameOf(peer)} (${link.state})`
    })
    const refused = Object.entries(node.rejected).map(([reason, times]) => `${times} ${reason}`)
    const facts: readonly (readonly [string, string])[] = [
      ['Peer', node.peer],
      ['State', nodeState(node)],
      ['Round', String(node.round)],
      ['Loss', node.loss?.toFixed(4) ?? '–'],
      [
        state.task.figure === 'accuracy' ? 'Accuracy' : 'R²',
        node.score === null ? '–' : score(node.score, state.task.figure)
      ],
      ['Bytes', `${bytes(node.bytesSent)} sent, ${bytes(node.bytesReceived)} received`],
      ['Neighbours', neighbours.length === 0 ? 'none' : neighbours.join(', ')],
      ['Refused', refused.length === 0 ? 'nothing' : refused.join(', ')]
    ]
    setText(byId('details-title'), `Node ${node.name}`)
    if (this.#list.childElementCount === 0) {
      this.#list.append(...facts.flatMap(([term]) => [create('dt', '', term), create('dd')]))
    }
    const [terms, values] = ['dt', 'dd'].map(name => [...this.#list.querySelectorAll(name)])
    facts.forEach(([term, value], i) => {
      setText(terms[i], term)
      setText(values[i], value)
    })
  }
}
