import {
  checkDisturbances,
  checkMemory,
  checkNodes,
  parseConditions,
  type Conditions,
  type Disturbance,
  type energyProfiles,
  type ParsedConditions
} from '../../simulation/index.js'
import type { SwarmConfig } from '../swarm/config.js'
import { createSubject, type Subject } from './subject.js'

/** All that a simulated run depends on: the same config gives the same run, bit for bit. */
export interface SimulationConfig extends SwarmConfig, Conditions {
  /** A problem without data, in place of the data set. */
  readonly problem?: string
  readonly churn: readonly Disturbance[]
  readonly energy: keyof typeof energyProfiles
  /** How many nodes are evaluated, spread evenly. */
  readonly evalNodes: number
}

/** What is said of data, and of the model that learns from them; a problem without data heeds none of it. */
export const dataFields = [
  ...(['dataset', 'samples', 'partition', 'label', 'kind', 'standardise', 'missing', 'model', 'optimizer'] as const),
  ...(['momentum', 'weightDecay', 'clipNorm', 'clipValue', 'perExampleClipNorm', 'batchSize', 'backend'] as const)
]

/** A config that was checked, and what follows from it before anything is started. */
export interface SimulationPlan {
  readonly config: SimulationConfig
  readonly conditions: ParsedConditions
  readonly subject: Subject
}

/**
 * @param availableBytes - what this process may still take
 * @throws NotEnoughMemoryError when it cannot hold so many nodes, whatever they learn
 * @throws whatever is wrong with the conditions, the churn, the data, the partition, the model or a spec
 */
export function planSimulation(config: SimulationConfig, availableBytes: number): SimulationPlan {
  checkNodes(config.nodes, availableBytes)
  checkDisturbances(config.churn)
  return { config, conditions: parseConditions(config), subject: createSubject(config, config.problem) }
}

/**
 * Call it before anything is started or written for the run.
 *
 * @param availableBytes - what this process may still take
 * @throws NotEnoughMemoryError when the swarm needs more
 * @throws UnusableEngineError when nothing can train the model
 */
export async function checkRoom({ subject }: SimulationPlan, availableBytes: number): Promise<void> {
  checkMemory(await subject.memoryNeeds(), availableBytes)
}

/** What is about to be run. */
export function announceSimulation({ config, subject }: SimulationPlan): string {
  const { nodes, settings } = config
  const { averaging, compress, optimizer, learningRate, localSteps, roundMemory, seed, topology } = settings
  const memory = roundMemory === undefined ? '' : `, ${roundMemory}`
  const steps = config.problem === undefined ? `${optimizer} ${learningRate}` : `gradient steps of ${learningRate}`
  return (
    `swarm     ${nodes} virtual nodes, ${subject.what}, ${topology}\n` +
    `learning  ${averaging}, ${compress}, ${steps}${memory}, ${localSteps} local steps, seed ${seed}`
  )
}
