import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import type { Schema } from '../../data/index.js'
import { tfjsModelFile, tfjsWeights, weightsFile } from '../../engine/index.js'
import { CheckpointStore } from '../../node/checkpoint/index.js'
import type { Task } from '../../protocols/index.js'
import { askNode, download } from '../control.js'
import { homeOption } from '../device.js'
import { NoNodeError, OutputError } from '../errors.js'
import { option } from '../options.js'
import { formatBytes, narrate, printJson, printResult } from '../output.js'

/** What tells of a model, in `model.json`. */
interface Metadata {
  readonly name: string
  readonly round: number
  readonly schema: Schema
}

interface ModelFile {
  readonly userDefinedMetadata: Metadata
}

interface Exported {
  readonly metadata: Metadata
  readonly model: object
  readonly weights: Uint8Array
}

export function exportCommand(): Command {
  return new Command('export')
    .description('write the model of this device as tfjs loads it: model.json, weights.bin, labels.txt')
    .argument('<folder>', 'where to put the files; created if need be')
    .addOption(homeOption())
    .addOption(option('--json', 'as JSON'))
    .action(async (folder: string, { home, json }: { home: string; json?: boolean }) => {
      const { metadata, model, weights } = await fromNode(home).catch(async (error: unknown) => {
        const kept = error instanceof NoNodeError ? await fromCheckpoint(home) : undefined
        if (kept === undefined) throw error
        return kept
      })
      const { round, schema } = metadata
      const contents: Record<string, string | Uint8Array> = {
        'model.json': `${JSON.stringify(model)}\n`,
        [weightsFile]: weights
      }
      if (schema.label.kind === 'class') contents['labels.txt'] = `${schema.label.classes.join('\n')}\n`
      const files = Object.entries(contents).map(([file, content]) => ({ path: join(folder, file), content }))
      write(folder, files)
      if (json === true) return printJson({ round, files: files.map(({ path }) => path) })
      printResult(files.map(({ path, content }) => `${path}  ${formatBytes(content.length)}`).join('\n'))
    })
}

async function fromNode(home: string): Promise<Exported> {
  const { name } = await askNode<Task>(home, '/api/task')
  const model = await askNode<ModelFile>(home, `/v1/models/${name}/model.json`)
  const weights = await download(home, `/v1/models/${name}/${weightsFile}`)
  return { metadata: model.userDefinedMetadata, model, weights }
}

/** What a node that does not run has learned; undefined when it has left nothing. */
async function fromCheckpoint(home: string): Promise<Exported | undefined> {
  const { checkpoint } = await new CheckpointStore(join(home, 'checkpoints')).latest()
  if (checkpoint === undefined) return undefined
  const { task, schema, round, parameters } = checkpoint
  const metadata = { name: task.name, round, schema }
  narrate(`no node runs on ${home}; this is its last checkpoint, of round ${round}`)
  return { metadata, model: tfjsModelFile(task.model, metadata), weights: tfjsWeights(parameters) }
}

function write(
  folder: string,
  files: readonly { readonly path: string; readonly content: string | Uint8Array }[]
): void {
  try {
    mkdirSync(folder, { recursive: true })
    for (const { path, content } of files) writeFileSync(path, content)
  } catch (cause) {
    const problem = `${folder} cannot be written: ${(cause as Error).message}. Give a folder that can.`
    throw new OutputError(problem, { cause })
  }
}
