import type { SwarmView } from './run-swarm.js'
import type { SwarmRound } from './scoreboard.js'

const noView: SwarmView = { started() {}, roundEnded() {}, nodeAdvanced() {}, note() {}, stopped() {} }

/** A view that keeps the rounds of the swarm, adding them to `rounds` in order. @param view - shows them besides */
export function collectRounds(rounds: SwarmRound[], view: SwarmView = noView): SwarmView {
  return {
    ...view,
    roundEnded(round, scores) {
      rounds.push(round)
      view.roundEnded(round, scores)
    }
  }
}
