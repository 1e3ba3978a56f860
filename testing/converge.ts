import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { ConvergenceError, InvalidSpecError } from './errors.js'
import {
  expectContracts,
  expectNotWorse,
  expectPreservesMean,
  expectReaches,
  expectSurvives,
  type RecordedCurve
} from './expect.js'
import { runSwarm, type SwarmCurve } from './run.js'
import { blame, parseField, parseSwarm, type SwarmSpec } from './spec.js'

const positive = z.number().positive()
const goal = z.strictObject({
  accuracy: z.number().min(0).max(1).optional(),
  r2: z.number().max(1).optional(),
  loss: positive.optional(),
  rounds: positive.optional(),
  bytes: positive.optional(),
  seconds: positive.optional(),
  joules: positive.optional()
})
const recorded = z.strictObject({
  metric: z.enum(['accuracy', 'r2', 'loss']),
  points: z.array(z.tuple([z.number(), z.number()])).min(1)
})

const spec = z.strictObject({
  /** For people: where its bounds come from. */
  about: z.string().optional(),
  swarm: z.unknown(),
  /** @default the seed of the swarm alone */
  seeds: z.array(z.number().int().min(0)).min(1).optional(),
  expect: z.strictObject({
    reach: goal.optional(),
    contract: z.literal(true).optional(),
    preserveMean: z.literal(true).optional(),
    /** A curve, or the JSON file that holds one, and by how much seeds differ. */
    notWorseThan: z.strictObject({ curve: z.union([z.string(), recorded]), spread: z.number().min(0) }).optional(),
    /** The same swarm, calm, is run besides: without the loss and the churn of `swarm`. */
    survive: z.strictObject({ margin: z.number().min(0) }).optional()
  })
})

/** How one expectation went for one seed. */
export interface Verdict {
  readonly seed: number
  readonly expectation: string
  /** What was found; empty when it fell short. */
  readonly evidence: string
  /** undefined: it was met. */
  readonly error: ConvergenceError | undefined
}

/**
 * Run the swarm of a spec for each seed and hold it against what the spec expects, as `murmur converge` does.
 *
 * @param given - parsed JSON, not checked yet
 * @throws InvalidSpecError with the field's path, before anything is started
 */
export async function* converge(given: unknown): AsyncGenerator<Verdict> {
  const { swarm, seeds, expect } = parseField(spec, given, '')
  const { seed: ownSeed } = parseSwarm(swarm).config.settings
  const parsed = swarm as SwarmSpec
  const curve = expect.notWorseThan === undefined ? undefined : readCurve(expect.notWorseThan.curve)
  const { reach, survive, notWorseThan } = expect
  if (Object.keys(expect).length === 0)
    throw new InvalidSpecError('expect', 'is empty; expected reach, contract or another.')
  if (survive !== undefined && !isDisturbed(parsed)) {
    throw new InvalidSpecError(
      'expect.survive',
      'the swarm has neither loss nor churn; expected swarm.loss or swarm.churn.'
    )
  }
  const checks: [string, (run: SwarmCurve) => string | Promise<string>][] = []
  if (reach !== undefined) checks.push(['reach', run => expectReaches(run, reach)])
  if (expect.contract === true) checks.push(['contract', run => expectContracts(run)])
  if (expect.preserveMean === true) checks.push(['preserveMean', run => expectPreservesMean(run)])
  if (notWorseThan !== undefined) {
    checks.push(['notWorseThan', run => expectNotWorse(run, curve!, notWorseThan.spread)])
  }
  if (survive !== undefined) {
    checks.push([
      'survive',
      async run => {
        const calm = await runSwarm({ ...parsed, loss: 0, churn: [], seed: run.config.settings.seed })
        return expectSurvives(run, calm, survive.margin)
      }
    ])
  }
  for (const seed of seeds ?? [ownSeed]) {
    const run = await runSwarm({ ...parsed, seed })
    for (const [expectation, check] of checks) yield { seed, expectation, ...(await verdictOf(() => check(run))) }
  }
}

async function verdictOf(check: () => string | Promise<string>): Promise<Pick<Verdict, 'evidence' | 'error'>> {
  try {
    return { evidence: await check(), error: undefined }
  } catch (error) {
    if (error instanceof ConvergenceError) return { evidence: '', error }
    throw error
  }
}

function isDisturbed({ loss, churn }: SwarmSpec): boolean {
  return Number(loss ?? 0) !== 0 || (churn ?? []).length > 0
}

function readCurve(curve: string | RecordedCurve): RecordedCurve {
  const path = 'expect.notWorseThan.curve'
  if (typeof curve !== 'string') return curve
  const content = blame(path, () => JSON.parse(readFileSync(curve, 'utf8')) as unknown)
  return parseField(recorded, content, path)
}
