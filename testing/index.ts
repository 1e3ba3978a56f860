export { converge, type Verdict } from './converge.js'
export { ConvergenceError, InvalidSpecError } from './errors.js'
export {
  expectContracts,
  expectNotWorse,
  expectPreservesMean,
  expectReaches,
  expectSurvives,
  recordCurve,
  type Goal,
  type Metric,
  type RecordedCurve
} from './expect.js'
export { runSwarm, type SwarmCurve } from './run.js'
export { type SwarmSpec } from './spec.js'
