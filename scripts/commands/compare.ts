import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Command } from 'commander'
import { chooseCompressor } from '../../learning/averaging/check-compressor.js'
import { comparisonJson, comparisonTable, formatFigure, gridTable } from '../compare/describe.js'
import { figureOf, valueOf } from '../compare/result.js'
import { ComparisonRun } from '../compare/run-comparison.js'
import { parseVariants, variantExamples, variantForm, type Variant } from '../compare/variant.js'
import { exitCodes } from '../exit-codes.js'
import { group, option, positive, wholeNumber } from '../options.js'
import { formatTable, narrate, printJson, printResult } from '../output.js'
import {
  refuseDataFlags,
  resourcesOf,
  simulationConfigOf,
  simulationOptions,
  type SimulationFlags
} from '../simulate/flags.js'
import { stopOnInterrupt } from '../swarm/interrupt.js'
import { freeRunId } from '../swarm/run-record.js'

interface CompareFlags extends SimulationFlags {
  readonly strategies: readonly Variant[]
  readonly seeds: number
  readonly learningRates?: readonly number[]
}

export function compareCommand(): Command {
  const command = new Command('compare').description(
    'simulate several ways to learn under the same conditions: a table, and a report with plots'
  )
  const flags = [
    ...group('Compare:', [
      option('--strategies <list>', `${variantForm}, as in ${variantExamples}`)
        .argParser(parseVariants)
        .makeOptionMandatory(),
      option('--seeds <n>', 'repeat each with so many seeds, from --seed on').default(3).argParser(wholeNumber(1)),
      option(
        '--learning-rates <list>',
        'the best of these for each strategy, as in 0.05,0.1 (default: --learning-rate)'
      ).argParser(text => text.split(',').map(positive))
    ]),
    ...simulationOptions().filter(({ long }) => long !== '--averaging')
  ]
  for (const flag of flags) {
    if (flag.long === '--until') flag.description = 'tell what it takes until the mean over nodes has this'
    command.addOption(flag)
  }
  return command.action(async (given: CompareFlags, self: Command) => runComparison(given, self))
}

async function runComparison(flags: CompareFlags, command: Command): Promise<void> {
  const { seeds: count, learningRates = [flags.learningRate], until: target, out } = flags
  const variants = flags.strategies.map(each => ({
    ...each,
    compress: chooseCompressor(each.averaging, each.compress === undefined && each.budget === undefined ? flags : each)
  }))
  const base = await simulationConfigOf({ ...flags, averaging: variants[0].averaging, budget: undefined })
  refuseDataFlags(command, flags.problem)
  const seeds = Array.from({ length: count }, (_, i) => flags.seed + i)
  const folder = join(out, freeRunId(out, new Date()))
  const comparison = new ComparisonRun({
    ...{ base, variants, learningRates, seeds, target, folder },
    ...resourcesOf(flags),
    onRun(name, done, all, last) {
      const figure = figureOf([last])
      const value = valueOf(last, figure)?.mean
      narrate(`run ${done}/${all}  ${name}  ${value === undefined ? '' : `${figure} ${formatFigure(figure, value)}`}`)
    }
  })
  narrate(`compare   ${variants.map(({ name }) => name).join(', ')}\nrecord    ${folder}`)
  const interrupt = stopOnInterrupt(comparison, narrate)
  try {
    const results = await comparison.run()
    if (results.length === 0) {
      narrate('no strategy has finished all its runs: there is nothing to compare')
      process.exitCode = exitCodes.forced
      return
    }
    const path = join(folder, 'report.html')
    const { nodes, settings, rounds, problem, dataset, partition } = base
    const facts = [
      `${nodes} virtual nodes, ${problem ?? `${basename(dataset)} ${partition}`}, ${rounds} rounds of ${settings.localSteps} local steps, seeds ${seeds.join(', ')}`,
      `latency ${base.latency} ms, loss ${base.loss}, step time ${base.stepTime} ms, energy of ${base.energy}`
    ]
    const json = comparisonJson(results, folder, target)
    mkdirSync(folder, { recursive: true })
    const { comparisonPage } = await import('../compare/report-page.js') // drawing takes its time to load
    writeFileSync(path, comparisonPage({ results, target, facts, topology: settings.topology }))
    writeFileSync(join(folder, 'comparison.json'), `${JSON.stringify(json, null, 2)}\n`)
    if (flags.json === true) return printJson(json)
    const rates = gridTable(results)
    printResult(formatTable(comparisonTable(results, target)))
    if (rates !== undefined) printResult(`\n${formatTable(rates)}`)
    printResult(`\nreport    ${path}`)
  } finally {
    interrupt.remove()
  }
}
