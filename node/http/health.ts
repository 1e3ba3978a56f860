import type { NodeStatus } from '../status.js'
import type { HttpPart } from './part.js'

/** Whether a node does what it is there for. */
export interface Health {
  /** It answers; so does whoever reads this. */
  readonly alive: true
  /** Rounds end as they should. */
  readonly learning: boolean
  readonly phase: NodeStatus['phase']
  readonly round: number
  /** Since a round last ended, or learning started; null before. */
  readonly lastRoundAgeSeconds: number | null
  /** Why it is not learning although it should. */
  readonly problem: string | null
}

/** Rounds may take minutes on a small device; one that takes longer than this has stalled. */
const stalledSeconds = 600

/**
 * `GET /healthz`: 200 while the node does what it should, whether that is learning, or resting because it has learned all
 * its rounds, was paused, or has not been started yet; 503 when it should learn and does not. Not answering at all means
 * that it is not alive.
 */
export const healthRoute: HttpPart = (server, { node }, done) => {
  server.get('/healthz', async (_, reply) => {
    const health = healthOf(node.status())
    return reply.code(health.problem === null ? 200 : 503).send(health)
  })
  done()
}

export function healthOf({ phase, round, failure, sinceRoundSeconds }: NodeStatus): Health {
  const active = phase === 'training' || phase === 'averaging' || phase === 'resting'
  const stalled = active && (sinceRoundSeconds ?? 0) > stalledSeconds
  const problem = failure ?? (stalled ? `no round has ended for ${stalledSeconds} s` : null)
  const learning = active && problem === null
  return { alive: true, learning, phase, round, lastRoundAgeSeconds: sinceRoundSeconds ?? null, problem }
}
