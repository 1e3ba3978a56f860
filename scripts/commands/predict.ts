import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { Command } from 'commander'
import { parse } from 'csv-parse/sync'
import { InvalidDataError, type Invert, type Prediction, type Schema } from '../../data/index.js'
import type { NodeStatus } from '../../node/index.js'
import type { Task } from '../../protocols/index.js'
import { askNode } from '../control.js'
import { homeOption } from '../device.js'
import { choice, option } from '../options.js'
import { formatShare, narrate, printJson, printResult } from '../output.js'

interface Answer {
  readonly predictions: readonly Prediction[]
  readonly round: number
  readonly model_version: string
}

interface PredictFlags {
  readonly home: string
  readonly invert: Invert
  readonly json?: boolean
}

/** Rows of a long file are asked for in parts, which a node answers without holding others up. */
const rowsPerRequest = 1000

export function predictCommand(): Command {
  return new Command('predict')
    .description('ask the model of the node on this device')
    .argument(
      '<file...>',
      'PNG images, or a CSV file with a header, whose label column is ignored; - for standard input'
    )
    .addOption(homeOption())
    .addOption(
      choice('--invert <when>', 'whether dark on light becomes light on dark, as in MNIST', [
        'auto',
        'yes',
        'no'
      ]).default('auto', 'auto: when the edge is light')
    )
    .addOption(option('--json', 'as JSON'))
    .action(async (files: readonly string[], flags: PredictFlags) => {
      const task = await askNode<Task>(flags.home, '/api/task')
      const asked = await Promise.all(files.map(file => readInstances(file, task.schema, flags.invert)))
      const answer = await predict(flags.home, task.name, asked.flat())
      await warnOfUntrained(flags.home, answer)
      if (flags.json === true) return printJson(answer)
      const names = asked.flatMap((instances, i) => instances.map(() => files[i]))
      printResult(
        answer.predictions.map((each, i) => describe(each, files.length > 1 ? names[i] : undefined)).join('\n')
      )
    })
}

async function predict(home: string, name: string, instances: readonly unknown[]): Promise<Answer> {
  const answers: Answer[] = []
  for (let from = 0; from < instances.length; from += rowsPerRequest) {
    const part = { instances: instances.slice(from, from + rowsPerRequest) }
    answers.push(await askNode<Answer>(home, `/v1/models/${name}:predict`, part))
  }
  return { ...answers.at(-1)!, predictions: answers.flatMap(({ predictions }) => predictions) }
}

async function warnOfUntrained(home: string, { round }: Answer): Promise<void> {
  if (round > 0) return
  const { model } = await askNode<NodeStatus>(home, '/api/status')
  if (model.origin === 'initial') narrate('The model has not learned anything yet: this is a guess.')
}

async function readInstances(file: string, schema: Schema, invert: Invert): Promise<unknown[]> {
  // Decoders, which no other command needs.
  const { isPng, readPng } = await import('../../data/png.js')
  const bytes = readBytes(file)
  if (schema.kind === 'image') {
    if (isPng(bytes)) return [readPng(file, bytes, schema, invert)]
    const found = `no PNG image; the model takes images of ${schema.imageShape.join(' x ')}.`
    throw new InvalidDataError(file, `${found} Save it as PNG.`)
  }
  if (isPng(bytes)) {
    const columns = schema.columns.slice(0, 3).map(({ name }) => name)
    const expected = `a CSV file with columns ${columns.join(', ')}${schema.columns.length > 3 ? ', ...' : ''}`
    throw new InvalidDataError(file, `an image; the model takes rows. Expected ${expected}.`)
  }
  return readRows(file, bytes)
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (cause) {
    throw new InvalidDataError(file, `cannot be read: ${(cause as Error).message}. Check the path.`, { cause })
  }
}

function readRows(file: string, bytes: Buffer): Record<string, string>[] {
  let rows: Record<string, string>[]
  try {
    rows = parse(bytes, { columns: true, skip_empty_lines: true, bom: true, trim: true })
  } catch (cause) {
    throw new InvalidDataError(file, `${(cause as Error).message}. Expected a CSV file with a header.`, { cause })
  }
  if (rows.length === 0) throw new InvalidDataError(file, 'no rows; expected a header and at least one row.')
  return rows
}

/** `7  99.3 %`, after the name of the file if there are several. */
function describe(prediction: Prediction, file: string | undefined): string {
  const name = file === undefined ? '' : `${basename(file)}  `
  if (prediction.kind === 'number') return `${name}${Number(prediction.value.toPrecision(6))}`
  return `${name}${prediction.label}  ${formatShare(prediction.probabilities[prediction.label])}`
}
