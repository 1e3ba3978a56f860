import { connect } from 'node:net'

export interface RawAnswer {
  /** Undefined when the connection ended without an answer. */
  readonly status: number | undefined
  readonly body: string
}

/** Write bytes to a server and read until it hangs up. */
export function sendRaw(host: string, port: number, bytes: Uint8Array): Promise<RawAnswer> {
  return new Promise(resolve => {
    const parts: Buffer[] = []
    const socket = connect(port, host)
    socket.on('data', part => parts.push(part))
    // The server may hang up before all is written.
    socket.on('error', () => {})
    socket.on('close', () => {
      const text = Buffer.concat(parts).toString('latin1')
      const status = /^HTTP\/1\.[01] (\d{3}) /.exec(text)?.[1]
      resolve({
        status: status === undefined ? undefined : Number(status),
        body: text.slice(text.indexOf('\r\n\r\n') + 4)
      })
    })
    socket.write(bytes)
  })
}

/** Fields that a message about a bad request names: what is wrong with the answer otherwise. */
export function faultOf({ status, body }: RawAnswer): string | undefined {
  if (status === undefined) return 'no answer'
  if (status < 400 || status > 499) return `status ${status}: ${body.slice(0, 200)}`
  let error: unknown
  try {
    error = (JSON.parse(body) as { error?: unknown }).error
  } catch {
    return `no JSON: ${body.slice(0, 200)}`
  }
  if (typeof error === 'string' && /^(body|path|header|headers|inputs|example|request)\b.*:/.test(error))
    return undefined
  return `no field named: ${JSON.stringify(error)}`
}
