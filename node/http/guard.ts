import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HttpError } from './errors.js'

export interface GuardInit {
  /** Whoever knows it may do everything. */
  readonly token: string | undefined
  /** Pages of these origins may read answers and ask for predictions: `http://localhost:3000`. */
  readonly corsOrigins: readonly string[]
  /** Others than this device can reach the server: every request needs the token, but for `/healthz`. */
  readonly open: boolean
}

const cookie = 'murmur_token'

/**
 * Decide who may ask what, before anything of a request's body is read. Changes the server.
 *
 * - On a loopback address only requests for a loopback name are answered: a page of another site may make a browser resolve
 *   its own name to 127.0.0.1, and its requests still carry that name.
 * - On any other address every request needs the token, as `Authorization: Bearer` or as the cookie that a visit to
 *   `/?token=...` sets.
 * - What a page of another origin sends must not change anything: without the token in a header, which no such page has, only
 *   reading is answered, and the browser does not let it see the answer.
 */
export function guard(server: FastifyInstance, { token, corsOrigins, open }: GuardInit): void {
  server.addHook('onRequest', async (request, reply) => {
    if (!open) refuseForeignHosts(request)
    const authorised = matches(bearerOf(request), token)
    if (authorised || (request.url.split('?', 1)[0] === '/healthz' && isRead(request))) return
    if (open && !matches(cookieOf(request), token)) {
      if (enter(request, reply, token)) return reply
      reply.header('www-authenticate', 'Bearer')
      throw new HttpError(401, 'header authorization: expected "Bearer <token>", the token that `murmur up` printed')
    }
    const origin = foreignOrigin(request)
    if (origin === undefined || isRead(request)) return
    if (corsOrigins.includes(origin) && !isControl(request)) return
    throw new HttpError(403, `header origin: a page of "${origin.slice(0, 100)}" needs the header authorization`)
  })
}

/** Whether only this device reaches what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

function refuseForeignHosts({ hostname }: FastifyRequest): void {
  const name = hostname.replace(/^\[(.*)\]$/, '$1')
  if (isLoopback(name)) return
  throw new HttpError(403, `header host: "${name.slice(0, 100)}" is not served; use 127.0.0.1`)
}

/** The page that made a browser send this, unless it is our own; undefined too for what is no browser. */
function foreignOrigin({ headers }: FastifyRequest): string | undefined {
  const { origin, host, 'sec-fetch-site': site } = headers
  if (origin !== undefined) return origin === `http://${host}` ? undefined : origin
  return site === 'cross-site' || site === 'same-site' ? 'another origin' : undefined
}

function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

function isControl({ url }: FastifyRequest): boolean {
  return url.startsWith('/api/control/')
}

/** A person with a browser opens `/?token=...` once. @returns whether this was such a visit */
function enter(request: FastifyRequest, reply: FastifyReply, token: string | undefined): boolean {
  if (request.method !== 'GET' || !request.url.startsWith('/?')) return false
  if (!matches(new URLSearchParams(request.url.slice(2)).get('token') ?? undefined, token)) return false
  void reply.header('set-cookie', `${cookie}=${token}; HttpOnly; SameSite=Strict; Path=/`).redirect('/')
  return true
}

function bearerOf({ headers }: FastifyRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
}

function cookieOf({ headers }: FastifyRequest): string | undefined {
  const pairs = (headers.cookie ?? '').split(';').map(pair => pair.trim().split('='))
  return pairs.find(([name]) => name === cookie)?.[1]
}

/** In a time that does not tell how much of it is right. */
function matches(given: string | undefined, token: string | undefined): boolean {
  if (given === undefined || token === undefined) return false
  return timingSafeEqual(digest(given), digest(token))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
