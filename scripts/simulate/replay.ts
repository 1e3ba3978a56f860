import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidRecordError } from '../errors.js'
import { exitCodes } from '../exit-codes.js'
import { narrate, printResult } from '../output.js'
import { linesOf } from '../records/lines-of.js'
import type { NodeRound } from '../swarm/messages.js'
import { roundLine } from '../swarm/run-record.js'
import type { Summary } from '../swarm/summary.js'
import { lineView } from '../swarm/view.js'
import { announceSimulation, checkRoom, planSimulation, type SimulationConfig } from './config.js'
import { SimulationRun } from './run-simulation.js'

/** Run a recorded simulation again, say whether it is the same, and set the exit code. */
export async function replay(
  folder: string,
  { workers, availableBytes }: { readonly workers: number; readonly availableBytes: number }
): Promise<void> {
  const plan = planSimulation(readConfig(folder), availableBytes)
  const comparison = new Comparison(folder)
  await checkRoom(plan, availableBytes)
  narrate(`${announceSimulation(plan)}\nreplays   ${folder}`)
  const view = lineView(plan.config.rounds)
  const run = new SimulationRun({ plan, workers, record: comparison, view })
  comparison.onEnd = () => run.stop()
  const { summary } = await run.run()
  const difference = comparison.differenceFrom(summary)
  if (difference === undefined) {
    printResult(`same       ${comparison.compared} rounds of nodes, bit for bit`)
    return
  }
  printResult(`different  ${difference}`)
  process.exitCode = exitCodes.failure
}

/** Takes the rounds of a run in place of a record, and holds them against one. */
class Comparison {
  readonly id: string
  compared = 0
  /** Called when nothing is left to compare. */
  onEnd: () => void = () => {}
  readonly #recorded: Generator<string, void>
  readonly #summary: Summary
  #difference: string | undefined
  #partial = false

  constructor(folder: string) {
    this.id = folder
    this.#recorded = linesOf(checkHolds(folder, 'rounds.ndjson'))
    this.#summary = readJson(folder, 'summary.json') as Summary
  }

  addRound(node: number, ended: NodeRound): void {
    if (this.#difference !== undefined || this.#partial) return
    const next = this.#recorded.next()
    if (next.done === true) {
      // The record was interrupted here.
      this.#partial = true
      this.onEnd()
      return
    }
    const expected = next.value
    const actual = roundLine(node, ended)
    if (actual !== expected) {
      this.#difference = `in line ${this.compared + 1} of rounds.ndjson\nrecorded   ${expected}\nreplayed   ${actual}`
      this.onEnd()
      return
    }
    this.compared++
  }

  addSummary(): void {}

  /** @returns undefined when there is none */
  differenceFrom({ perNode }: Summary): string | undefined {
    if (this.#difference !== undefined || this.#partial) {
      this.#recorded.return()
      return this.#difference
    }
    const left = [...this.#recorded].length
    if (left > 0) return `after line ${this.compared} of rounds.ndjson: ${this.compared + left} were recorded`
    for (const { node, parametersHash } of perNode) {
      const expected = this.#summary.perNode[node]?.parametersHash
      if (expected !== parametersHash) return `node ${node} ended with parameters ${parametersHash}, not ${expected}`
    }
    return undefined
  }
}

function readConfig(folder: string): SimulationConfig {
  const config = readJson(folder, 'config.json') as Partial<SimulationConfig>
  if (config.settings === undefined || config.churn === undefined || config.stepTime === undefined) {
    throw new InvalidRecordError(
      `${join(folder, 'config.json')} is of no simulation; expected one that \`murmur simulate\` wrote.`
    )
  }
  return config as SimulationConfig
}

function readJson(folder: string, name: string): unknown {
  const text = readFileSync(checkHolds(folder, name), 'utf8')
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InvalidRecordError(`${join(folder, name)} is no JSON. Pass the folder of a whole record.`, { cause })
  }
}

/** @returns the path of a file of a record */
function checkHolds(folder: string, name: string): string {
  const path = join(folder, name)
  if (existsSync(path)) return path
  throw new InvalidRecordError(`${folder} holds no ${name}; expected the folder of a run, as runs/2026-01-31T12-00-00.`)
}
