import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import type { Schema } from '../../data/index.js'
import { weightsFile } from '../../engine/index.js'
import type { Task } from '../../protocols/index.js'
import { askNode, download } from '../control.js'
import { homeOption } from '../device.js'
import { OutputError } from '../errors.js'
import { option } from '../options.js'
import { formatBytes, printJson, printResult } from '../output.js'

interface ModelFile {
  readonly userDefinedMetadata: { readonly round: number; readonly schema: Schema }
}

export function exportCommand(): Command {
  return new Command('export')
    .description('write the model of the node on this device as tfjs loads it: model.json, weights.bin, labels.txt')
    .argument('<folder>', 'where to put the files; created if need be')
    .addOption(homeOption())
    .addOption(option('--json', 'as JSON'))
    .action(async (folder: string, { home, json }: { home: string; json?: boolean }) => {
      const { name } = await askNode<Task>(home, '/api/task')
      const model = await askNode<ModelFile>(home, `/v1/models/${name}/model.json`)
      const { round, schema } = model.userDefinedMetadata
      const contents: Record<string, string | Uint8Array> = {
        'model.json': `${JSON.stringify(model)}\n`,
        [weightsFile]: await download(home, `/v1/models/${name}/${weightsFile}`)
      }
      if (schema.label.kind === 'class') contents['labels.txt'] = `${schema.label.classes.join('\n')}\n`
      const files = Object.entries(contents).map(([file, content]) => ({ path: join(folder, file), content }))
      write(folder, files)
      if (json === true) return printJson({ round, files: files.map(({ path }) => path) })
      printResult(files.map(({ path, content }) => `${path}  ${formatBytes(content.length)}`).join('\n'))
    })
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
