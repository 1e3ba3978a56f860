import type { Logger } from './logger.js'
import type { MurmurNode } from './node.js'

/** Log what a node does, a line an event. Rounds are told at `info`: too many for what is logged by default. */
export function logEvents(node: MurmurNode, log: Logger): void {
  node.on('round', ({ round, loss, evaluation, averagedWith, missed, bytesSent, bytesReceived }) => {
    log.info('round ended', { round, loss, evaluation, averagedWith, missed, bytesSent, bytesReceived })
  })
  node.on('paused', () => log.info('paused'))
  node.on('resumed', () => log.info('resumed'))
  node.on('finished', () => log.info('the last round has ended'))
  node.on('failed', ({ message }) => log.error('learning has stopped', { error: message }))
}
