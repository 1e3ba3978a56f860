import type { ConnectionError } from 'fastify'
import type { Socket } from 'node:net'

/** What node's HTTP parser refuses before there is a request, and how the client is told. */
const faults: Readonly<Record<string, readonly [status: string, error: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'body: did not arrive in time'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'headers: too large'],
  HPE_INVALID_CONTENT_LENGTH: ['400 Bad Request', 'header content-length: no number']
}

/** Answer a connection on which no request can be read, and end it. */
export function answerBrokenRequests(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, message] = faults[error.code] ?? ['400 Bad Request', 'request: no valid HTTP']
  const body = JSON.stringify({ error: message })
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`
  )
}
