import { byId, setText } from './dom.js'
import { post } from './requests.js'
import type { State } from './wire.js'

/** Pause, resume, stop; stopping is asked for twice. */
export class Controls {
  readonly #pause = byId<HTMLButtonElement>('pause')
  readonly #stop = byId<HTMLButtonElement>('stop')
  #paused = false

  constructor() {
    const dialog = byId<HTMLDialogElement>('confirm')
    this.#pause.addEventListener('click', () => void this.#ask(this.#paused ? 'resume' : 'pause'))
    this.#stop.addEventListener('click', () => dialog.showModal())
    dialog.addEventListener('close', () => {
      if (dialog.returnValue === 'stop') void this.#ask('stop')
      dialog.returnValue = ''
    })
  }

  draw({ state, kind }: Pick<State, 'state' | 'kind'>, connected: boolean): void {
    this.#paused = state === 'paused'
    setText(this.#pause, this.#paused ? 'Resume' : 'Pause')
    this.#pause.disabled = !connected || state === 'finished' || state === 'starting'
    this.#stop.disabled = !connected
    setText(byId('confirm-what'), kind === 'swarm' ? 'Stop the whole swarm?' : 'Stop this node?')
  }

  async #ask(what: 'pause' | 'resume' | 'stop'): Promise<void> {
    setText(byId('control-error'), '')
    try {
      await post(`/api/control/${what}`, {})
    } catch (error) {
      setText(byId('control-error'), `Could not ${what}: ${(error as Error).message}`)
    }
  }
}
