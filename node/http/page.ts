import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyPluginCallback } from 'fastify'
import { eventRoutes } from './events.js'
import type { Feed } from './feed.js'

const folder = fileURLToPath(new URL('../../dashboard/', import.meta.url))
const typeOf: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml'
}

/**
 * Serve the page and the events that it follows: each file of `dashboard/` under its name, and the page itself at `/`. The
 * files are read once, and only what was there then has a route, so no path leads anywhere else.
 */
export const pageRoutes: FastifyPluginCallback<{ readonly feed: Feed }> = (server, { feed }, done) => {
  void server.register(eventRoutes, { feed })
  for (const name of readdirSync(folder)) {
    const type = typeOf[extname(name)]
    if (type === undefined) continue
    const content = readFileSync(`${folder}${name}`)
    server.get(name === 'index.html' ? '/' : `/${name}`, async (_, reply) =>
      reply.type(type).header('cache-control', 'no-cache').send(content)
    )
  }
  done()
}
