import { readControl } from '../node/control-file.js'
import { readToken } from '../node/http/token.js'
import { NoNodeError } from './errors.js'

const requestTimeoutMs = 30_000

/**
 * Ask the node that runs on a home folder.
 *
 * @param body - sent as JSON by POST; GET without it
 * @throws NoNodeError when none runs there
 * @throws RequestError when it does not accept the request
 */
export async function askNode<T>(home: string, path: string, body?: unknown): Promise<T> {
  return (await request(home, path, body)).json() as Promise<T>
}

/** As `askNode`, for what is no JSON. */
export async function download(home: string, path: string): Promise<Uint8Array> {
  return new Uint8Array(await (await request(home, path)).arrayBuffer())
}

async function request(home: string, path: string, body?: unknown): Promise<Response> {
  const control = readControl(home)
  if (control === undefined)
    throw new NoNodeError(`No node runs on ${home}. Start one with \`murmur up --data <file>\`, or pass --home.`)
  const token = readToken(home)
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' })
  }
  const question = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
  let response: Response
  try {
    response = await fetch(`${control.url}${path}`, { ...question, signal: AbortSignal.timeout(requestTimeoutMs) })
  } catch (cause) {
    const found = `The node of ${home} (process ${control.pid}) does not answer at ${control.url}.`
    throw new NoNodeError(`${found} If it is gone, start it again.`, { cause })
  }
  if (response.ok) return response
  const { error } = (await response.json().catch(() => ({}))) as { error?: string }
  throw new RequestError(error ?? `the node answered ${response.status}`)
}

/** The node did not accept a request. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
}
