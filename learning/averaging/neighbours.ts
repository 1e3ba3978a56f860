import { shuffle, type Rng } from '../rng.js'
import type { AveragingState, Neighbour } from './averaging.js'

export function isNeighbour({ neighbours }: AveragingState, peer: string): boolean {
  for (const neighbour of neighbours) if (neighbour.peer === peer) return true
  return false
}

/** Different neighbours, drawn uniformly: `count`, or all that there are when these are fewer. */
export function drawNeighbours(neighbours: readonly Neighbour[], count: number, rng: Rng): readonly Neighbour[] {
  return shuffle([...neighbours], rng).slice(0, count)
}
