import type { Command, Option } from 'commander'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** A script that completes commands, flags and the values of flags, for a shell to read when it starts. */
export function completionScript(program: Command, shell: Shell): string {
  const commands = program.commands.map(command => ({
    name: command.name(),
    description: command.description(),
    options: command.options.filter(({ hidden }) => !hidden)
  }))
  return { bash, zsh, fish }[shell](commands)
}

interface Completed {
  readonly name: string
  readonly description: string
  readonly options: readonly Option[]
}

function bash(commands: readonly Completed[]): string {
  const values = commands.flatMap(({ name, options }) =>
    options.flatMap(({ long, argChoices }) =>
      argChoices === undefined ? [] : `    '${name} ${long}') words='${argChoices.join(' ')}' ;;`
    )
  )
  const flags = commands.map(
    ({ name, options }) => `    ${name}) words='${options.map(({ long }) => long).join(' ')}' ;;`
  )
  return `# murmur completion bash > ~/.local/share/bash-completion/completions/murmur
_murmur() {
  local words='' current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')}' -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]} $previous" in
${values.join('\n')}
  esac
  if [ -z "$words" ] && [ "\${current:0:1}" = - ]; then
    case "\${COMP_WORDS[1]}" in
${flags.map(line => `  ${line}`).join('\n')}
    esac
  fi
  if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$current"))
  else COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _murmur murmur`
}

function zsh(commands: readonly Completed[]): string {
  const escape = (text: string): string => text.replaceAll(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''")
  const argument = (option: Option): string => {
    if (!option.required && !option.optional) return ''
    return `:${option.name()}:${option.argChoices === undefined ? '_files' : `(${option.argChoices.join(' ')})`}`
  }
  const cases = commands.map(({ name, options }) => {
    const flags = options.map(option => `'${option.long}[${escape(option.description)}]${argument(option)}'`)
    return `    ${name}) _arguments ${[...flags, "'*:file:_files'"].join(' ')} ;;`
  })
  return `#compdef murmur
# murmur completion zsh > "\${fpath[1]}/_murmur"
_murmur() {
  if (( CURRENT == 2 )); then
    local -a commands=(${commands.map(({ name, description }) => `'${name}:${escape(description)}'`).join(' ')})
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _murmur ]; then _murmur "$@"; else compdef _murmur murmur; fi`
}

function fish(commands: readonly Completed[]): string {
  const quote = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`
  const lines = commands.flatMap(({ name, description, options }) => [
    `complete -c murmur -n __fish_use_subcommand -f -a ${name} -d ${quote(description)}`,
    ...options.map(option => {
      const values = option.argChoices === undefined ? '-r' : `-x -a ${quote(option.argChoices.join(' '))}`
      const takes = option.required || option.optional ? ` ${values}` : ''
      const condition = quote(`__fish_seen_subcommand_from ${name}`)
      return `complete -c murmur -n ${condition} -l ${option.long?.slice(2)}${takes} -d ${quote(option.description)}`
    })
  ])
  return ['# murmur completion fish > ~/.config/fish/completions/murmur.fish', ...lines].join('\n')
}
