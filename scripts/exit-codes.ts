/** What the process ends with, so that scripts can tell one end from another. */
export const exitCodes = {
  done: 0,
  failure: 1,
  usage: 2,
  /** Configuration, data or model. */
  invalid: 3,
  noPeer: 4,
  targetMissed: 5,
  forced: 130
} as const
