import type { Evaluation } from '../engine/index.js'
import type { Trained, TrainRequest, Work, Workforce } from './workforce.js'

/** A learning problem with formulas instead of data: quadratics with a known optimum, or nothing to learn at all. */
export interface AnalyticProblem {
  /**
   * One local step of a node.
   *
   * @param parameters - changed
   * @param step - how many steps this node has taken before
   * @param offset - added to the gradient
   * @returns the loss before the step
   */
  step(parameters: Float32Array, node: number, step: number, offset?: Float32Array): number
  /** @default nothing but a loss of 0 */
  evaluate?(parameters: Float32Array, node: number): Evaluation
}

/** Steps of pure gossip: nothing is learned. */
export const nothingToLearn: AnalyticProblem = { step: () => 0 }

/** Trains on this thread, when the time has come. For problems so cheap that a worker would cost more. */
export class AnalyticWorkforce implements Workforce {
  readonly capacity = 0
  readonly #problem: AnalyticProblem
  readonly #scratch: Float32Array
  /** The steps that ended last, as lasting as the vector that they are in. */
  readonly #trained: { loss: number; parameters: Float32Array; release(): void }
  readonly #work: Work<Trained>

  /** @param length - number of parameters */
  constructor(problem: AnalyticProblem, length: number) {
    this.#problem = problem
    this.#scratch = new Float32Array(length)
    this.#trained = { loss: 0, parameters: this.#scratch, release() {} }
    this.#work = settled<Trained>(this.#trained)
  }

  train({ node, parameters, firstStep, steps, offset }: TrainRequest): Work<Trained> {
    const trained = this.#trained
    trained.loss = 0
    trained.parameters = parameters
    if (this.#problem.step === nothingToLearn.step) return this.#work
    trained.parameters = this.#scratch
    this.#scratch.set(parameters)
    for (let step = firstStep; step < firstStep + steps; step++) {
      trained.loss += this.#problem.step(this.#scratch, node, step, offset) / steps
    }
    return this.#work
  }

  evaluate(node: number, parameters: Float32Array): Work<Evaluation> {
    return settled(this.#problem.evaluate?.(parameters, node) ?? { loss: 0 })
  }

  flush(): void {}

  async stop(): Promise<void> {}
}

function settled<T>(result: T): Work<T> {
  return { result, done: async () => result }
}
