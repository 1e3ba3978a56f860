import type { FastifyPluginCallback } from 'fastify'
import type { MurmurNode } from '../node.js'
import type { NodeStatus } from '../status.js'

/** What the server needs of a node. */
export type ServedNode = Pick<
  MurmurNode,
  'task' | 'localSchema' | 'parameters' | 'status' | 'peers' | 'predict' | 'pause' | 'resume' | 'stop' | 'on' | 'off'
>

/** What answering predictions needs of it. */
export type PredictingNode = Pick<ServedNode, 'task' | 'status' | 'predict'>

/** What pausing it needs of it. */
export type PausableNode = Pick<ServedNode, 'pause' | 'resume'> & {
  status(): Pick<NodeStatus, 'paused' | 'phase' | 'round'>
}

/** What every part of the server is registered with. */
export interface Served {
  readonly node: ServedNode
}

/** Some routes of the server, in a file of their own; `server.ts` registers each with one line. */
export type HttpPart<Options extends Served = Served> = FastifyPluginCallback<Options>
