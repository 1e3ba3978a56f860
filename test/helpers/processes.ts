import { execFileSync } from 'node:child_process'
import { within } from './within.js'

/** Between two looks: nobody tells of the end of a process that is not our child. */
const intervalMs = 50

interface Process {
  readonly pid: number
  readonly parent: number
}

/** Process ids of the children of a process. */
export function childrenOf(pid: number): number[] {
  return running().flatMap(each => (each.parent === pid ? each.pid : []))
}

/** Wait until none of these runs any more. */
export async function allEnd(pids: readonly number[], ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const ended = new Promise<void>(resolve => {
    timer = setInterval(() => {
      if (!running().some(({ pid }) => pids.includes(pid))) resolve()
    }, intervalMs)
  })
  try {
    await within(ended, ms, `processes ${pids.join(', ')} to end`)
  } finally {
    clearInterval(timer)
  }
}

/** Without those that have ended and wait for their parent to notice. */
function running(): Process[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' }).trim().split('\n')
  return lines.flatMap(line => {
    const [pid, parent, state] = line.trim().split(/\s+/)
    return state.startsWith('Z') ? [] : { pid: Number(pid), parent: Number(parent) }
  })
}
