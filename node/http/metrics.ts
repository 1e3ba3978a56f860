import type { NodeMetrics } from '../metrics.js'
import type { HttpPart, Served } from './part.js'

export interface Measured extends Served {
  readonly metrics: Pick<NodeMetrics, 'registry'>
}

/** `GET /metrics`, as Prometheus reads it. */
export const metricsRoute: HttpPart<Measured> = (server, { metrics: { registry } }, done) => {
  server.get('/metrics', async (_, reply) => reply.type(registry.contentType).send(await registry.metrics()))
  done()
}
