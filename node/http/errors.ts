import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from '../logger.js'

/** A request that is not answered, and how the client is told. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  constructor(
    /** 400 to 599. */
    readonly statusCode: number,
    message: string
  ) {
    super(message)
  }
}

/** What fastify finds wrong with a body, in words that name it. */
const bodyFaults: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body: too large; send fewer examples a request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'body: its length is not what the header content-length says',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'body: empty; expected a JSON object',
  FST_ERR_CTP_INVALID_JSON_BODY: 'body: no JSON; expected a JSON object',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'header content-type: not supported; expected application/json'
}

/** Errors of the rooms below that are no fault of the server, by name. */
const statusByName: Readonly<Record<string, number>> = { InvalidExampleError: 400, EngineError: 503 }

/**
 * Every answer that is none is `{error: "..."}`, as TensorFlow Serving's: 4xx names the field, 5xx says no more than that
 * it is not the client's fault. Changes the server.
 */
export function answerErrors(server: FastifyInstance, log: Logger): void {
  server.setErrorHandler(async (error: FastifyError, request, reply) => {
    const status = statusByName[error.name] ?? error.statusCode ?? 500
    if (status < 500) return reply.code(status).send({ error: describe(error) })
    log.error('request failed', { method: request.method, url: request.url, error: error.message })
    const known = error.name in statusByName || error instanceof HttpError
    return reply.code(status).send({ error: known ? error.message : 'internal error; the log of the node says more' })
  })
  server.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split('?', 1)[0]
    return reply.code(404).send({ error: `path: no route ${request.method} ${path.slice(0, 100)}` })
  })
}

/** A path that cannot be decoded matches no route, and comes here before any hook. */
export function answerBadPaths(error: FastifyError, { url }: FastifyRequest, reply: FastifyReply): void {
  void reply.code(400).send({ error: `path: cannot be read: ${url.slice(0, 100)}` })
}

function describe(error: FastifyError): string {
  const [issue] = error.validation ?? []
  if (issue === undefined) return bodyFaults[error.code] ?? error.message
  const field = `${error.validationContext ?? 'body'}${issue.instancePath.replaceAll('/', '.')}`
  const extra = 'additionalProperty' in issue.params ? ` ("${String(issue.params.additionalProperty)}")` : ''
  return `${field}: ${issue.message ?? 'invalid'}${extra}`
}
