import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { NodeRound } from '../../scripts/swarm/messages.js'
import { Scoreboard } from '../../scripts/swarm/scoreboard.js'

const scoreboard = suite('Scoreboard')

/** A round of a node whose loss tells who it is. */
function ended(round: number, loss: number): NodeRound {
  const spent = { bytesSent: 0, bytesReceived: 0, seconds: round, cpuSeconds: 0 }
  return { round, loss, evaluation: undefined, averagedWith: 0, missed: 0, sketch: new Float32Array(1), ...spent }
}

function told(rounds: readonly { readonly round: number; readonly loss: number }[]): number[][] {
  return rounds.map(({ round, loss }) => [round, loss])
}

scoreboard('completes a round when its last node has ended it', () => {
  const scores = new Scoreboard(3)
  assert.equal(scores.add(0, ended(1, 1)), [])
  assert.equal(scores.add(0, ended(2, 1)), [])
  assert.equal(scores.add(1, ended(1, 2)), [])
  assert.equal(told(scores.add(2, ended(1, 6))), [[1, 3]])
  assert.is(scores.last!.round, 1)
  assert.equal(scores.add(1, ended(2, 2)), [])
  assert.equal(told(scores.add(2, ended(2, 3))), [[2, 2]])
})

scoreboard('leaves no gap where a node that was away skips rounds', () => {
  const scores = new Scoreboard(2)
  for (let round = 1; round <= 4; round++) scores.add(0, ended(round, 1))
  assert.equal(told(scores.add(1, ended(1, 3))), [[1, 2]])
  assert.equal(told(scores.add(1, ended(4, 5))), [
    [2, 1],
    [3, 1],
    [4, 3]
  ])
})

scoreboard('does not wait for nodes that are gone, and counts what they did', () => {
  const scores = new Scoreboard(3)
  scores.add(0, ended(1, 1))
  scores.add(0, ended(2, 1))
  scores.add(1, ended(1, 3))
  assert.equal(told(scores.lose(2)), [[1, 2]])
  assert.equal(told(scores.lose(1)), [[2, 1]])
  assert.equal(scores.lose(1), [])
  assert.equal(told(scores.add(0, ended(3, 1))), [[3, 1]])
  assert.equal(scores.lose(0), [])
})

scoreboard.run()
