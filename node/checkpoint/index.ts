export type { Checkpoint } from './checkpoint.js'
export { CheckpointStore } from './checkpoint-store.js'
export { CheckpointWriter } from './checkpoint-writer.js'
export { ForeignCheckpointError } from './errors.js'
