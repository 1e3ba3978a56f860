import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { parse } from 'csv-parse/sync'
import { InvalidDataError, type Prediction } from '../../data/index.js'
import type { Answer, NodeStatus } from '../../node/index.js'
import { askNode } from '../control.js'
import { homeOption } from '../device.js'
import { option } from '../options.js'
import { formatShare, printJson, printResult } from '../output.js'

export function predictCommand(): Command {
  return new Command('predict')
    .description('ask the model of the node on this device')
    .argument('<file>', 'a CSV file with a header, or - for standard input; a label column is ignored')
    .addOption(homeOption())
    .addOption(option('--json', 'as JSON'))
    .action(async (file: string, { home, json }: { home: string; json?: boolean }) => {
      const instances = readRows(file)
      const { task } = await askNode<NodeStatus>(home, '/api/status')
      const answer = await askNode<Answer>(home, `/v1/models/${task.name}:predict`, { instances })
      if (json === true) printJson(answer)
      else printResult(answer.predictions.map(describe).join('\n'))
    })
}

function readRows(file: string): Record<string, string>[] {
  let text: string
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (cause) {
    throw new InvalidDataError(file, `cannot be read: ${(cause as Error).message}. Check the path.`, { cause })
  }
  let rows: Record<string, string>[]
  try {
    rows = parse(text, { columns: true, skip_empty_lines: true, bom: true, trim: true })
  } catch (cause) {
    throw new InvalidDataError(file, `${(cause as Error).message}. Expected a CSV file with a header.`, { cause })
  }
  if (rows.length === 0) throw new InvalidDataError(file, 'no rows; expected a header and at least one row.')
  return rows
}

function describe(prediction: Prediction): string {
  if (prediction.kind === 'number') return String(Number(prediction.value.toPrecision(6)))
  return `${prediction.label}  ${formatShare(prediction.probabilities[prediction.label])}`
}
