import { byId, setAttribute, setText } from './dom.js'
import type { Model } from './model.js'
import { activity, count, duration } from './words.js'

export type Connection = 'connecting' | 'open' | 'lost' | 'ended'

/** What is learned, how far it is, and whether that is still true. */
export class Header {
  #announced = ''

  draw(model: Model, connection: Connection): void {
    const { state, nodes } = model
    setText(byId('task'), state.task.name)
    const facts = [
      state.kind === 'swarm' ? `swarm of ${count(nodes.size, 'node')}` : `node ${state.self?.slice(-6)}`,
      `${state.model.parameters.toLocaleString('en')} parameters`,
      state.model.backend
    ]
    setText(byId('facts'), facts.join(' · '))
    setText(byId('round'), state.rounds === null ? String(state.round) : `${state.round} of ${state.rounds}`)
    setText(byId('activity'), connection === 'open' ? activity(model) : 'no longer known')
    const alone = state.kind === 'node' && nodes.size === 1
    byId('alone').hidden = !alone || state.join === null
    setText(byId('join'), state.join ?? '')
    this.#announce(model, connection)
  }

  /** Show that nothing is heard any more. */
  connection(connection: Connection, lastSeen: number): void {
    setAttribute(document.body, 'data-connection', connection)
    const at = new Date(lastSeen).toLocaleTimeString()
    const text = {
      connecting: 'Connecting …',
      open: '',
      lost: `Disconnected. Last seen at ${at}; trying again.`,
      ended: `It has stopped. Last seen at ${at}.`
    }
    setText(byId('banner'), text[connection])
  }

  uptime({ startedAt }: Model): void {
    setText(byId('uptime'), duration((Date.now() - startedAt) / 1000))
  }

  /** For screen readers: not each phase of each round, but what changes the picture. */
  #announce({ state, nodes }: Model, connection: Connection): void {
    const gone = [...nodes.values()].filter(node => node.state === 'gone').length
    const text = [
      connection === 'open' ? state.state : 'disconnected',
      count(nodes.size - gone, 'node'),
      ...(gone === 0 ? [] : [`${gone} gone`])
    ].join(', ')
    if (text === this.#announced) return
    this.#announced = text
    setText(byId('announce'), text)
  }
}
