import type { Command, Help } from 'commander'

/** What a flag takes and what it is without one, in one pair of brackets. That each has a variable is said once. */
const format: Partial<Help> = {
  optionDescription({ description, argChoices, defaultValue, defaultValueDescription }) {
    const facts = argChoices === undefined ? [] : [argChoices.join(', ')]
    if (defaultValue !== undefined) facts.push(`default: ${defaultValueDescription ?? String(defaultValue)}`)
    return facts.length === 0 ? description : `${description} (${facts.join('; ')})`
  }
}

/** One look for the help and the complaints of every command. Changes the command. */
export function setUpHelp(command: Command): void {
  command
    .configureHelp(format)
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, '✖ ')) })
    .showHelpAfterError(`Run \`murmur ${command.parent === null ? '' : `${command.name()} `}--help\` for all flags.`)
    .exitOverride()
  if (command.parent === null || !takesConfig(command)) return
  const elsewhere = 'Every flag can come from the environment or murmur.yaml: --nodes 4 as MURMUR_NODES=4 or nodes: 4.'
  command.addHelpText('after', `\n${elsewhere}`)
}

/** Put examples under the help of a command: what to type, and what it does. Changes the command. */
export function addExamples(command: Command, examples: readonly (readonly [line: string, what: string])[]): void {
  const width = Math.max(...examples.map(([line]) => line.length)) + 3
  const lines = examples.map(([line, what]) => `  ${line.padEnd(width)}${what}`)
  command.addHelpText('after', ['', 'Examples:', ...lines].join('\n'))
}

/** Commands with flags can be configured by a file. */
export function takesConfig(command: Command): boolean {
  return command.options.some(({ long }) => long === '--config')
}
