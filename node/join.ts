import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '@libp2p/interface'
import { fetchTask, InvalidTaskError, UnsupportedVersionError, type TaskOffer } from '../protocols/index.js'
import type { Clock } from './clock.js'
import { InvalidAddressError, JoinError } from './errors.js'
import type { Host } from './host.js'

/** Between two attempts to reach anybody. */
const retryMs = 1000

export interface JoinOptions {
  /** Give up after this long. */
  readonly timeoutMs: number
  readonly clock: Clock
  readonly signal?: AbortSignal
}

/** The peer that answered, and what it told us. */
export interface Joined extends TaskOffer {
  readonly peer: PeerId
}

/**
 * Reach a swarm through any of some addresses, trying all of them again until one answers.
 *
 * @throws JoinError when nobody answered in time, or who answered runs another version or sent no valid task
 */
export async function joinSwarm(host: Host, targets: readonly Multiaddr[], options: JoinOptions): Promise<Joined> {
  const { clock, timeoutMs } = options
  const deadline = clock.now() + timeoutMs
  const attempts = new Map<string, string>()
  for (;;) {
    for (const target of targets) {
      const remainingMs = Math.max(1, deadline - clock.now())
      const limit = AbortSignal.timeout(Math.ceil(remainingMs))
      const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit])
      let progress = ''
      const onProgress = ({ type }: { readonly type: string }): void => {
        progress = type
      }
      try {
        const { remotePeer } = await host.dial(target, { signal, onProgress })
        return { peer: remotePeer, ...(await fetchTask(host, remotePeer, { signal })) }
      } catch (error) {
        options.signal?.throwIfAborted()
        if (error instanceof UnsupportedVersionError || error instanceof InvalidTaskError) {
          throw new JoinError(`${target.toString()} answered, but cannot be joined: ${error.message}`, [])
        }
        const address = target.toString()
        // Of an attempt that the deadline cut short the one before says more.
        if (limit.aborted && attempts.has(address)) continue
        attempts.set(address, `${address}  ${describeDialError(error, progress)}`)
      }
    }
    if (clock.now() + retryMs >= deadline) {
      throw new JoinError(`No peer answered within ${timeoutMs / 1000} s.`, [...attempts.values()])
    }
    await new Promise<void>(resolve => {
      const cancel = clock.after(retryMs, resolve)
      options.signal?.addEventListener('abort', () => {
        cancel()
        resolve()
      })
    })
  }
}

/** @throws InvalidAddressError when it is no multiaddr, or names no peer after /p2p/ */
export function readAddress(text: string): Multiaddr {
  try {
    const address = multiaddr(text)
    for (const { name, value } of address.getComponents()) if (name === 'p2p') peerIdFromString(value ?? '')
    return address
  } catch (cause) {
    const example = '/ip4/192.168.1.20/tcp/4101/p2p/12D3Koo…'
    const message = `"${text}" is no multiaddr; expected one like ${example}. Copy what \`murmur up\` prints.`
    throw new InvalidAddressError(message, { cause })
  }
}

/**
 * In words that say what to look at.
 *
 * @param progress - the last that was told of the dial
 */
function describeDialError(error: unknown, progress: string): string {
  const all = error instanceof AggregateError ? (error.errors as unknown[]) : [error]
  const texts = all
    .map(one => (one instanceof Error ? `${one.name} ${one.message} ${codeOf(one)}` : String(one)))
    .join(' ')
  if (texts.includes('ECONNREFUSED')) return 'connection refused: is `murmur up` running there, on that port?'
  if (/UnexpectedPeer|InvalidCrypto.*peer|does not match/i.test(texts)) {
    return 'another node answered there: the part after /p2p/ does not match. Copy the address again.'
  }
  // Neither understands a byte of the other when their keys differ, and some bytes look like the start of a long message.
  if (progress === 'upgrader:encrypt-outbound-connection') {
    return 'somebody is there, but not understood: is it a murmur node, and has it the same --swarm-key, or none either?'
  }
  if (/Timeout|Abort/i.test(texts)) return 'no answer: is the address right, and the port open in the firewall?'
  if (texts.includes('ENOTFOUND')) return 'no such host: is its name spelled right?'
  if (texts.includes('no valid addresses')) return 'no way to dial that; expected /ip4/<address>/tcp/<port>.'
  if (/EHOSTUNREACH|ENETUNREACH|ENETDOWN/.test(texts)) return 'no route there: is this device on the same network?'
  return all.map(one => (one instanceof Error ? one.message : String(one))).join('; ')
}

function codeOf(error: Error): string {
  const cause = error.cause instanceof Error ? codeOf(error.cause) : ''
  return `${'code' in error ? String(error.code) : ''} ${cause}`
}
