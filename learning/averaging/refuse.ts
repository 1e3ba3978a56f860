import type { RejectReason, Step } from './averaging.js'

/** Do nothing but count what a peer sent. */
export function refuse(from: string, reason: RejectReason): Step {
  return { send: [], reject: [{ from, reason }] }
}
