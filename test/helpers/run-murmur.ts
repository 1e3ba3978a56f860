import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Changes } from './changes.js'
import { temporaryFolder } from './temporary-folder.js'
import { within } from './within.js'

const entry = fileURLToPath(new URL('../../bundle/murmur.js', import.meta.url))
/** What a command writes without being told where stays out of the sources. */
const folder = temporaryFolder()
const timeoutMs = 30_000

export interface CommandOptions {
  /** Beside the environment of the tests, whose `MURMUR_*` are left out. */
  readonly env?: Readonly<Record<string, string>>
  /** Standard input. @default empty */
  readonly input?: string
  /** @default a temporary folder that all commands share */
  readonly cwd?: string
  /** Command that it is started through, as `ip netns exec`. @default none */
  readonly through?: readonly string[]
}

/** How a command ended. */
export interface Ended {
  /** null: it was ended by a signal. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A `murmur` command in a process of its own. */
export class RunningCommand {
  readonly #child: ChildProcess
  readonly #what: string
  readonly #changes = new Changes()
  readonly #closed: Promise<unknown>
  stdout = ''
  stderr = ''

  constructor(args: readonly string[], { env, input = '', cwd = folder.path, through = [] }: CommandOptions) {
    const outside = Object.entries(process.env).filter(([name]) => !name.startsWith('MURMUR_'))
    const [command, ...before] = [...through, process.execPath]
    const child = spawn(command, [...before, entry, ...args], {
      cwd,
      env: { ...Object.fromEntries(outside), ...env }
    })
    this.#child = child
    this.#what = `murmur ${args.join(' ')}`
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.#changes.notify()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.#changes.notify()
    })
    child.stdin.end(input)
    this.#closed = once(child, 'close')
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Wait until what it has written so far matches. */
  async writes(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpMatchArray> {
    await this.#changes.until(() => pattern.test(this[stream]), `${this.#what} to write ${String(pattern)}`, timeoutMs)
    return this[stream].match(pattern)!
  }

  /** Stop reading, as `head` does. */
  closeStdout(): void {
    this.#child.stdout!.destroy()
  }

  /** @returns at once; changes nothing when it has ended */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  async ended(): Promise<Ended> {
    await within(this.#closed, timeoutMs, `${this.#what} to end; it wrote ${this.stdout}${this.stderr}`)
    return { code: this.#child.exitCode, stdout: this.stdout, stderr: this.stderr }
  }
}

export type StartCommand = (args: readonly string[], options?: CommandOptions) => RunningCommand

/** Commands that are started inside have ended when `run` has, however it ended. */
export async function withCommands<T>(run: (start: StartCommand) => Promise<T>): Promise<T> {
  const started: RunningCommand[] = []
  try {
    return await run((args, options = {}) => {
      const command = new RunningCommand(args, options)
      started.push(command)
      return command
    })
  } finally {
    for (const command of started) command.signal('SIGKILL')
    await Promise.all(started.map(command => command.ended()))
  }
}

/** Run a command to its end. */
export function runMurmur(args: readonly string[], options?: CommandOptions): Promise<Ended> {
  return withCommands(start => start(args, options).ended())
}
