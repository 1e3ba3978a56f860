import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { maxSealedBytes } from '../protocols/framing.js'

/**
 * Hand the connection what the cipher makes of a message in one piece: a length, at most `maxSealedBytes` and a tag for each part of
 * it, which the transport would write one by one. One copy costs less than a system call, packets and a wake-up of the peer for each.
 */
export function gatherWrites<Components>(
  create: (components: Components) => ConnectionEncrypter
): (components: Components) => ConnectionEncrypter {
  return components => {
    const encrypter = create(components)
    for (const secure of ['secureInbound', 'secureOutbound'] as const) {
      const original = encrypter[secure].bind(encrypter)
      encrypter[secure] = async (connection, options) => {
        const inOneWrite = gathering(connection)
        const secured = await original(connection, options)
        const { connection: cipher } = secured
        const send = cipher.send.bind(cipher)
        cipher.send = data => inOneWrite(() => eachPart(data, send))
        return secured
      }
    }
    return encrypter
  }
}

/** @returns what it returned for the last part */
function eachPart(data: Uint8Array | Uint8ArrayList, send: MessageStream['send']): boolean {
  if (data.byteLength <= maxSealedBytes) return send(data)
  let isReady = true
  for (let start = 0; start < data.byteLength; start += maxSealedBytes) {
    const end = Math.min(start + maxSealedBytes, data.byteLength)
    isReady = send(data instanceof Uint8Array ? data.subarray(start, end) : data.sublist(start, end))
  }
  return isReady
}

/**
 * Changes the `send` of a connection.
 *
 * @returns calls a function, and has the connection send in one piece what is handed to it meanwhile
 */
function gathering(connection: MessageStream): (perform: () => boolean) => boolean {
  const send = connection.send.bind(connection)
  let held: Uint8ArrayList | undefined
  connection.send = data => {
    if (held === undefined) return send(data.subarray())
    held.append(data)
    return true
  }
  return perform => {
    // What is sent because of what is sent goes along.
    if (held !== undefined) return perform()
    const gathered = (held = new Uint8ArrayList())
    let isReady: boolean
    try {
      isReady = perform()
    } finally {
      held = undefined
    }
    return gathered.byteLength === 0 ? isReady : send(gathered.subarray())
  }
}
