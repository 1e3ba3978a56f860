import { Command } from 'commander'
import type { NodeStatus } from '../../node/index.js'
import type { Task } from '../../protocols/index.js'
import { askNode } from '../control.js'
import { homeOption } from '../device.js'
import { option } from '../options.js'
import { formatBytes, formatSeconds, formatShare, printJson, printResult } from '../output.js'

export function statusCommand(): Command {
  return new Command('status')
    .description('what the node on this device is doing')
    .addOption(homeOption())
    .addOption(option('--json', 'as JSON'))
    .option('--task', 'only what is learned, as JSON that `murmur up --task` takes')
    .action(async ({ home, json, task }: { home: string; json?: boolean; task?: boolean }) => {
      if (task === true) return printJson(await askNode<Task>(home, '/api/task'))
      const status = await askNode<NodeStatus>(home, '/api/status')
      if (json === true) printJson(status)
      else printResult(describe(status))
    })
}

function describe(status: NodeStatus): string {
  const { peer, task, model, data, round, neighbours, members, loss, evaluation, bytes, rejected, uptimeSeconds } =
    status
  const score = evaluation?.accuracy === undefined ? evaluation?.r2?.toFixed(3) : formatShare(evaluation.accuracy)
  const refused = Object.entries(rejected).map(([reason, count]) => `${count} ${reason}`)
  return [
    `node       ${peer}`,
    `task       ${task.name}  ${task.id.slice(0, 8)}`,
    `state      round ${round}, ${inWords(status)}`,
    `swarm      ${plural(members, 'member')}, ${plural(neighbours.length, 'neighbour')}`,
    `score      ${score ?? '-'}  loss ${loss?.toFixed(3) ?? '-'}`,
    `model      ${model.parameters} parameters, layout ${model.layoutHash.slice(0, 8)}, backend ${model.backend}`,
    `data       ${data.trainRows} rows, ${data.testRows} held out`,
    `bytes      ↑ ${formatBytes(bytes.sent)} ↓ ${formatBytes(bytes.received)}`,
    `rejected   ${refused.length === 0 ? 'nothing' : refused.join(', ')}`,
    `up         ${formatSeconds(uptimeSeconds)}`
  ].join('\n')
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function inWords({ phase, awaited, neighbours }: NodeStatus): string {
  if (phase !== 'averaging') return phase
  return `averaging, ${neighbours.length - awaited.length} of ${neighbours.length} neighbours are in`
}
