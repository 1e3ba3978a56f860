import type { FastifyPluginCallback } from 'fastify'
import type { ServerResponse } from 'node:http'
import type { Feed, FeedClient } from './feed.js'

/** A browser opens one a tab; each costs a socket. */
const maxClients = 32
/** A client whose connection broke comes back after this long. */
const retryMs = 1000

/**
 * `GET /api/events`: server-sent events. First `snapshot`, then `delta` as things change, `heartbeat` while they do not, and
 * `end` when the server stops. `GET /api/run` gives the same snapshot as a file to keep.
 */
export const eventRoutes: FastifyPluginCallback<{ readonly feed: Feed }> = (server, { feed }, done) => {
  server.get('/api/events', async (_, reply) => {
    if (feed.clients >= maxClients) {
      return reply.code(503).send({ error: `${maxClients} pages are open already; close one` })
    }
    reply.hijack()
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value)
    }
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    reply.raw.write(`retry: ${retryMs}\n\n`)
    reply.raw.on('close', feed.subscribe(clientOf(reply.raw)))
  })
  server.get('/api/run', async (_, reply) => {
    void reply.header('content-disposition', 'attachment; filename="murmur-run.json"')
    return feed.snapshot()
  })
  server.addHook('preClose', async () => feed.close())
  done()
}

function clientOf(response: ServerResponse): FeedClient {
  return {
    get ready() {
      return !response.writableNeedDrain
    },
    send: (event, data) => void response.write(`event: ${event}\ndata: ${data}\n\n`),
    close() {
      response.end()
      // What is not read now never will be.
      if (response.writableNeedDrain) response.destroy()
    }
  }
}
