import { fastify, type FastifyInstance } from 'fastify'
import { InvalidExampleError } from '../../data/index.js'
import { ListenError } from '../errors.js'
import type { MurmurNode } from '../node.js'

const maxBodyBytes = 8 * 1024 * 1024
const requestTimeoutMs = 30_000

const predictBody = {
  type: 'object',
  required: ['instances'],
  additionalProperties: false,
  properties: { instances: { type: 'array', minItems: 1, maxItems: 10_000 } }
} as const

/** A running HTTP server. */
export interface HttpServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string
  close(): Promise<void>
}

/**
 * Serve a node on this machine: predictions in TensorFlow Serving's shape, and what the node says of itself.
 *
 * @param port - 0: any free one
 * @throws ListenError when the port is taken
 */
export async function serveHttp(node: MurmurNode, port: number): Promise<HttpServer> {
  const server = fastify({ bodyLimit: maxBodyBytes, requestTimeout: requestTimeoutMs, forceCloseConnections: true })
  refuseForeignHosts(server)
  server.get('/api/status', () => node.status())
  server.get('/api/peers', () => node.peers())
  server.get('/api/task', () => node.task)
  // Two colons: one that is meant literally.
  server.post(`/v1/models/${node.task.name}::predict`, { schema: { body: predictBody } }, async (request, reply) => {
    const { instances } = request.body as { instances: unknown[] }
    try {
      return await node.predict(instances)
    } catch (error) {
      if (!(error instanceof InvalidExampleError)) throw error
      return reply.code(400).send({ error: error.message })
    }
  })
  try {
    return { url: await server.listen({ host: '127.0.0.1', port }), close: () => server.close() }
  } catch (cause) {
    throw new ListenError(
      `cannot serve HTTP on port ${port}: ${(cause as Error).message}. Pass --http with another port.`,
      { cause }
    )
  }
}

/** A page of another site may make a browser resolve its own name to 127.0.0.1; its requests still carry that name. */
function refuseForeignHosts(server: FastifyInstance): void {
  server.addHook('onRequest', async (request, reply) => {
    if (!['127.0.0.1', 'localhost', '[::1]'].includes(request.hostname)) {
      await reply.code(403).send({ error: `host "${request.hostname}" is not served; use 127.0.0.1` })
    }
  })
}
