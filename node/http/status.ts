import type { HttpPart } from './part.js'

/** What the node says of itself, of its peers, and of what is learned. */
export const statusRoutes: HttpPart = (server, { node }, done) => {
  server.get('/api/status', () => node.status())
  server.get('/api/peers', () => node.peers())
  server.get('/api/task', () => node.task)
  done()
}
