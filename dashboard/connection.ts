import type { Delta, Snapshot } from './wire.js'

/** What comes from the server, and whether it still comes. */
export interface Listener {
  snapshot(snapshot: Snapshot): void
  delta(delta: Delta): void
  /** `lost`: it is tried again. `ended`: the server has said goodbye. */
  connection(state: 'open' | 'lost' | 'ended'): void
}

/** The server says something at least every 5 s; after this long in silence the connection is taken for dead. */
const silenceMs = 12_000
const retryMs = 2000

/** Follow the server's events for as long as the page is open. */
export function connect(listener: Listener): void {
  const events = new EventSource('/api/events')
  let ended = false
  let silence: number | undefined
  const again = (): void => {
    events.close()
    window.clearTimeout(silence)
    window.setTimeout(() => connect(listener), retryMs)
  }
  const heard = (): void => {
    window.clearTimeout(silence)
    silence = window.setTimeout(() => {
      listener.connection('lost')
      again()
    }, silenceMs)
  }
  const on = <T>(name: string, handle: (data: T) => void): void =>
    events.addEventListener(name, ({ data }: MessageEvent<string>) => {
      heard()
      handle(JSON.parse(data) as T)
    })
  on<Snapshot>('snapshot', snapshot => {
    listener.snapshot(snapshot)
    listener.connection('open')
  })
  on<Delta>('delta', delta => listener.delta(delta))
  on('heartbeat', () => {})
  on('end', () => {
    ended = true
    listener.connection('ended')
  })
  events.addEventListener('error', () => {
    if (!ended) listener.connection('lost')
    again()
  })
  heard()
}
