import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, type Option } from 'commander'
import { defaultConfigFile } from '../config-file.js'
import { OutputError } from '../errors.js'
import { option } from '../options.js'
import { printJson, printResult } from '../output.js'

const sample = 'iris.csv'

/** @param up - whose flags the config explains */
export function initCommand(up: Command): Command {
  return new Command('init')
    .description('a commented config and a small data set to begin with')
    .argument('[folder]', 'where to put them; created if need be', '.')
    .addOption(option('--json', 'as JSON'))
    .action((folder: string, { json }: { json?: boolean }) => {
      const files = [defaultConfigFile, sample].map(name => join(folder, name))
      const existing = files.find(file => existsSync(file))
      if (existing !== undefined) {
        throw new OutputError(`${existing} exists already; expected a folder without it. Give another folder.`)
      }
      try {
        mkdirSync(folder, { recursive: true })
        writeFileSync(files[0], commentedConfig(up.options))
        copyFileSync(fileURLToPath(new URL(`../../../examples/${sample}`, import.meta.url)), files[1])
      } catch (cause) {
        const problem = `${folder} cannot be written: ${(cause as Error).message}. Give a folder that can.`
        throw new OutputError(problem, { cause })
      }
      if (json === true) return printJson({ files })
      const enter = folder === '.' ? '' : `cd ${folder} && `
      printResult(
        `${files[0]}  what \`murmur up\` does, flag by flag\n${files[1]}  150 flowers of three kinds\nNext: ${enter}murmur up`
      )
    })
}

/** Every flag with what it means and what it is without one; those that a beginner needs are set. */
function commentedConfig(options: readonly Option[]): string {
  const set: Readonly<Record<string, string>> = { data: sample, home: '.murmur' }
  const flags = options.flatMap(({ long, description, defaultValue, argChoices }) => {
    const name = (long ?? '').slice(2)
    if (['config', 'print-config', 'json'].includes(name)) return []
    const choices = argChoices === undefined ? '' : ` (${argChoices.join(', ')})`
    const isPlain = typeof defaultValue === 'string' || typeof defaultValue === 'number'
    const line = name in set ? `${name}: ${set[name]}` : `#${name}: ${isPlain ? defaultValue : ''}`.trimEnd()
    return [`# ${description}${choices}`, line, '']
  })
  const head = [
    '# Read by every murmur command that is started in this folder, or with --config.',
    '# A flag on the command line goes first, then the environment (MURMUR_LOCAL_STEPS=8), then this file.',
    '# `murmur up --print-config` shows each value and where it came from.',
    ''
  ]
  return `${[...head, ...flags].join('\n').trimEnd()}\n`
}
