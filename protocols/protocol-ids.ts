/**
 * Protocol identifiers. The number rises when an old reader would misread what a new writer sends; fields that are
 * merely added keep it (messages.proto).
 */
export const exchangeProtocol = '/murmur/exchange/2'
export const taskProtocol = '/murmur/task/1'
export const modelProtocol = '/murmur/model/2'

/** Gossipsub topic on which the members of a task announce themselves. */
export function membersTopic(taskId: string): string {
  return `/murmur/members/2/${taskId}`
}

/** Gossipsub topic on which members of a task ask whether another is still there. */
export function doubtsTopic(taskId: string): string {
  return `/murmur/doubts/1/${taskId}`
}
