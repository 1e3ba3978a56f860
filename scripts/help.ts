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
  if (command.parent === null) return
  command.addHelpText('after', '\nEvery flag can come from the environment: --nodes 4 as MURMUR_NODES=4.')
}
