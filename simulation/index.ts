export { AnalyticWorkforce, nothingToLearn, type AnalyticProblem } from './analytic-workforce.js'
export { defaultConditions, parseConditions, type Conditions, type ParsedConditions } from './conditions.js'
export { checkMemory, checkNodes, vectorsPerNode, type MemoryNeeds } from './memory.js'
export { checkDisturbances, disturb, parseDisturbance, type Disturbance } from './churn.js'
export { parseProblem, type ParsedProblem } from './problems.js'
export {
  energyProfileNames,
  energyProfiles,
  energySpent,
  joules,
  trainingOperations,
  type EnergyProfile,
  type EnergySpent
} from '../learning/energy.js'
export { NotEnoughMemoryError } from './errors.js'
export { Simulation, type SimulationInit } from './simulation.js'
export type { VirtualRound } from './virtual-node.js'
export { WorkerPool, type WorkerPoolInit } from './worker-pool.js'
export type { Workforce } from './workforce.js'
