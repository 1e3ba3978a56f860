import type { FastifyPluginCallback } from 'fastify'
import type { PausableNode } from './part.js'

export interface Controlled {
  readonly node: PausableNode
  /** Ends the node and whatever runs it; called after the client has its answer. */
  readonly onStop: () => void
}

/**
 * Pause, resume and stop. A paused node learns nothing, and goes on answering peers and predictions. The guard lets in no
 * page of another origin without the token.
 */
export const controlRoutes: FastifyPluginCallback<Controlled> = (server, { node, onStop }, done) => {
  server.post('/api/control/pause', () => {
    node.pause()
    return stateOf(node)
  })
  server.post('/api/control/resume', () => {
    node.resume()
    return stateOf(node)
  })
  server.post('/api/control/stop', async (_, reply) => {
    reply.raw.once('close', onStop)
    return reply.code(202).send({ phase: 'stopping' })
  })
  done()
}

function stateOf(node: PausableNode): object {
  const { paused, phase, round } = node.status()
  return { paused, phase, round }
}
