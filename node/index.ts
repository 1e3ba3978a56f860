import './with-resolvers.js'

export { createNode, type NodeOptions } from './create-node.js'
export { HomeError, InvalidAddressError, JoinError, ListenError } from './errors.js'
export { MurmurNode, type Answer, type RoundRecord } from './node.js'
export { defaultSettings, type LearningSettings } from './learning-settings.js'
export { buildTask } from './settings.js'
export type { NodeStatus, PeerStatus } from './status.js'
export type { Bytes } from './traffic.js'
