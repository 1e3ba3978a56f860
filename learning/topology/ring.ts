import { circulantEdges, fixedTopology } from './graph.js'

/** i ~ i + 1 (mod size). Two neighbours each, a spectral gap of about 4 pi^2 / (3 size^2): slow in a large swarm. */
export const ring = fixedTopology('ring', size => circulantEdges(size, [1]))
