import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'

/**
 * Hand the connection what the cipher makes of a message in one piece: a length, at most 64 KiB and a tag for each part of it,
 * which the transport would write one by one. One copy costs less than a system call, packets and a wake-up of the peer for each.
 */
export function gatherWrites<Components>(
  create: (components: Components) => ConnectionEncrypter
): (components: Components) => ConnectionEncrypter {
  return components => {
    const encrypter = create(components)
    for (const secure of ['secureInbound', 'secureOutbound'] as const) {
      const original = encrypter[secure].bind(encrypter)
      encrypter[secure] = (connection, options) => original(gathering(connection), options)
    }
    return encrypter
  }
}

/** Changes the `send` of a connection. */
function gathering<Connection extends MessageStream>(connection: Connection): Connection {
  const send = connection.send.bind(connection)
  connection.send = data => send(data.subarray())
  return connection
}
