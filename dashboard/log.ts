import { byId, create } from './dom.js'
import type { Model } from './model.js'
import type { Note } from './wire.js'

const shownNotes = 200

/** What has happened, the newest first. */
export class Log {
  readonly #list = byId<HTMLOListElement>('log')
  #newest: Note | undefined

  draw({ notes, startedAt }: Model): void {
    const known = this.#newest === undefined ? -1 : notes.lastIndexOf(this.#newest)
    const fresh = notes.slice(known + 1)
    if (fresh.length === 0) return
    if (known === -1) this.#list.replaceChildren()
    this.#newest = notes.at(-1)
    this.#list.prepend(...fresh.map(note => lineOf(note, startedAt)).reverse())
    while (this.#list.childElementCount > shownNotes) this.#list.lastElementChild!.remove()
  }
}

function lineOf({ kind, text, seconds }: Note, startedAt: number): HTMLLIElement {
  const line = create('li', kind)
  const at = new Date(startedAt + 1000 * seconds)
  const time = create('time', '', at.toLocaleTimeString())
  time.dateTime = at.toISOString()
  line.append(time, create('span', '', kind === 'warning' ? `⚠ ${text}` : text))
  return line
}
