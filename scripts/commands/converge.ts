import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { ConvergenceError, converge, InvalidSpecError, type Verdict } from '../../testing/index.js'
import { exitCodes } from '../exit-codes.js'
import { group, option } from '../options.js'
import { narrate, printJson, printResult } from '../output.js'

export function convergeCommand(): Command {
  return new Command('converge')
    .description('run the swarm of a spec and hold it against what the spec expects; exits 5 when it falls short')
    .argument(
      '<spec.json>',
      '{ "swarm": {...}, "seeds": [1, 2], "expect": { "reach": { "accuracy": 0.9, "rounds": 20 } } }'
    )
    .addOption(group('Output:', [option('--json', 'print the verdicts as JSON')])[0])
    .action(async (path: string, flags: { readonly json?: boolean }) => {
      const verdicts: Verdict[] = []
      for await (const verdict of converge(readSpec(path))) {
        verdicts.push(verdict)
        const { seed, expectation, error, evidence } = verdict
        if (flags.json !== true) {
          printResult(`${error === undefined ? '✔' : '✖'} seed ${seed}  ${expectation}: ${error?.message ?? evidence}`)
        }
      }
      const missed = verdicts.filter(({ error }) => error !== undefined)
      if (flags.json === true) printJson(verdicts.map(toJson))
      else narrate(`${verdicts.length - missed.length} of ${verdicts.length} expectations met`)
      if (missed.length > 0) process.exitCode = exitCodes.targetMissed
    })
}

function toJson({ seed, expectation, error, evidence }: Verdict): object {
  if (!(error instanceof ConvergenceError)) return { seed, expectation, met: true, evidence }
  const { message, round, actual, expected } = error
  return { seed, expectation, met: false, round, actual, expected, message }
}

function readSpec(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new InvalidSpecError(path, `${(cause as Error).message}; expected a JSON file.`, { cause })
  }
}
