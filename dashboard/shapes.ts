import type { NodeState } from './wire.js'

/** The outline of a node: its state is told by a shape, so that nobody has to see colours. */
export function shapeOf(state: NodeState, radius: number): string {
  const r = radius
  switch (state) {
    case 'finished':
      return `M${-r * 0.88} ${-r * 0.88}h${r * 1.76}v${r * 1.76}h${-r * 1.76}Z`
    case 'paused':
      return `M0 ${-r * 1.15}L${r * 1.15} 0L0 ${r * 1.15}L${-r * 1.15} 0Z`
    case 'gone':
      return `M${-r * 0.7} ${-r * 0.7}L${r * 0.7} ${r * 0.7}M${-r * 0.7} ${r * 0.7}L${r * 0.7} ${-r * 0.7}`
    default:
      return `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`
  }
}
