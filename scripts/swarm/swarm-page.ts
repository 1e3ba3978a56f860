import type { NodeStatus } from '../../node/index.js'
import { controlRoutes } from '../../node/http/control.js'
import type { Feed } from '../../node/http/feed.js'
import { HttpError } from '../../node/http/errors.js'
import { pageRoutes } from '../../node/http/page.js'
import type { PausableNode } from '../../node/http/part.js'
import { predictionRoutes } from '../../node/http/predictions.js'
import { openServer, type HttpServer } from '../../node/http/server.js'
import type { Task } from '../../protocols/index.js'
import type { SwarmRun } from './run-swarm.js'

/**
 * Serve the page of a whole swarm. Who looks at it asks this process; a prediction is answered by one of the nodes.
 *
 * @throws ListenError when the port is taken
 */
export function serveSwarm(run: SwarmRun, task: Task, feed: Feed, port: number): Promise<HttpServer> {
  const node = {
    task,
    status: () => spokesman(run),
    predict: (examples: readonly unknown[]) => run.predict(spokesman(run).peer, examples)
  }
  return openServer({ port }, async server => {
    await server.register(pageRoutes, { feed })
    server.get('/api/task', () => task)
    await server.register(predictionRoutes, { node })
    await server.register(controlRoutes, { node: pausable(run), onStop: () => run.stop() })
  })
}

function pausable(run: SwarmRun): PausableNode {
  return {
    pause: () => run.pause(),
    resume: () => run.resume(),
    status: () => ({ ...spokesman(run), paused: run.paused })
  }
}

/** The node that answers for all: the first that can. */
function spokesman(run: SwarmRun): NodeStatus {
  const status = run.nodes.find(({ state, status }) => state !== 'lost' && status !== undefined)?.status
  if (status === undefined) throw new HttpError(503, 'no node of the swarm has a model yet; ask again')
  return status
}
