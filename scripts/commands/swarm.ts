import { Command } from 'commander'
import { loadModelFile, type BackendName } from '../../engine/index.js'
import { exitCodes } from '../exit-codes.js'
import { backendOption, dataOptions, group, learningOptions, option, target, wholeNumber } from '../options.js'
import type { LearningFlags, Target } from '../options.js'
import { formatBytes, formatSeconds, formatShare, formatTable } from '../output.js'
import { narrate, printJson, printResult, shortPeer } from '../output.js'
import { planSwarm, type SwarmConfig } from '../swarm/config.js'
import { RunRecord } from '../swarm/run-record.js'
import { SwarmRun, type SwarmView } from '../swarm/run-swarm.js'
import type { Summary } from '../swarm/summary.js'
import { lineView, liveView } from '../swarm/view.js'

interface SwarmFlags extends LearningFlags {
  readonly nodes: number
  readonly dataset: string
  readonly samples?: number
  readonly partition: string
  readonly label?: string
  readonly kind?: 'classification' | 'regression'
  readonly standardise: 'local' | 'task' | 'none'
  readonly missing: 'fail' | 'drop'
  readonly rounds: number
  readonly until?: Target
  readonly evalEvery: number
  readonly backend: BackendName
  readonly out: string
  readonly json?: boolean
}

/** Rows a node of MNIST when nobody says otherwise. */
const mnistSamples = 1000

export function swarmCommand(): Command {
  const command = new Command('swarm').description(
    'many nodes on this machine, each a process of its own, learning together over TCP'
  )
  const flags = [
    ...group('Swarm:', [
      option('--nodes <n>', 'how many').default(8).argParser(wholeNumber(1)),
      option('--rounds <n>', 'rounds to learn for').default(30).argParser(wholeNumber(1)),
      option('--until <metric=value>', 'stop when the mean over nodes has this, as accuracy=0.92').argParser(target),
      option('--eval-every <n>', 'evaluate every so many rounds').default(1).argParser(wholeNumber(1))
    ]),
    ...group('Data:', [
      option('--dataset <what>', 'mnist, a CSV file, or a folder of IDX files').default('mnist'),
      option(
        '--samples <n>',
        `training rows a node (default: ${mnistSamples} of mnist, else all shared out)`
      ).argParser(wholeNumber(1)),
      option('--partition <spec>', 'who gets which rows: iid, dirichlet:A, shards:K, file:PATH').default('iid')
    ]),
    ...dataOptions(),
    ...learningOptions(),
    ...group('Learning:', [backendOption()]),
    ...group('Output:', [
      option('--out <folder>', 'where records of runs are kept').default('runs'),
      option('--json', 'print the summary as JSON')
    ])
  ]
  for (const flag of flags) command.addOption(flag)
  return command.action(async (given: SwarmFlags) => runSwarm(given))
}

async function runSwarm(flags: SwarmFlags): Promise<void> {
  const plan = planSwarm(await configOf(flags))
  const { config, task, rows } = plan
  const record = new RunRecord(flags.out, config, new Date())
  const { settings, nodes } = config
  narrate(
    `swarm     ${nodes} nodes of ${rows[0].length} rows each (${config.dataset}, ${config.partition}), ` +
      `${settings.topology}\n` +
      `learning  ${settings.averaging}, ${settings.compress}, ${settings.optimizer} ${settings.learningRate}, ` +
      `${settings.localSteps} local steps, task ${task.name}, seed ${settings.seed}\n` +
      `record    ${record.folder}`
  )
  const live = process.stderr.isTTY && process.env.TERM !== 'dumb'
  const view = live ? liveView(config.rounds) : lineView(config.rounds)
  const run = new SwarmRun(plan, record, view)
  const interrupt = stopOnInterrupt(run, view)
  try {
    const { summary, exitCode } = await run.run()
    if (flags.json === true) printJson(summary)
    else printResult(describe(summary, record.folder))
    process.exitCode = exitCode
  } finally {
    interrupt.remove()
  }
}

/** The first Ctrl-C ends the run cleanly, the second at once. */
function stopOnInterrupt(run: SwarmRun, view: SwarmView): { remove(): void } {
  let interrupts = 0
  const onSignal = (): void => {
    interrupts++
    if (interrupts === 1) {
      view.note('stopping; press Ctrl-C again to stop at once')
      run.stop()
      return
    }
    run.kill()
    process.exit(exitCodes.forced)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    remove() {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    }
  }
}

async function configOf(flags: SwarmFlags): Promise<SwarmConfig> {
  const { nodes, dataset, partition, label, kind, standardise, missing, rounds, until, evalEvery, backend } = flags
  const { topology, averaging, compress, localSteps, learningRate, momentum, batchSize, optimizer, seed } = flags
  const model = flags.model.endsWith('.json') ? await loadModelFile(flags.model) : flags.model
  const name = dataset === 'mnist' ? 'mnist' : 'swarm'
  return {
    nodes,
    dataset,
    samples: flags.samples ?? (dataset === 'mnist' ? mnistSamples : undefined),
    partition,
    label,
    kind,
    standardise,
    missing,
    settings: {
      name,
      model,
      topology,
      averaging,
      compress,
      localSteps,
      learningRate,
      momentum,
      batchSize,
      optimizer,
      seed
    },
    rounds,
    until,
    evalEvery,
    backend
  }
}

function describe(summary: Summary, folder: string): string {
  const { accuracy, r2, bytes, seconds, target: wanted, memory, perNode } = summary
  const rows = perNode.map(row => [
    String(row.node),
    shortPeer(row.peer),
    row.state,
    String(row.round),
    row.loss?.toFixed(3) ?? '-',
    row.accuracy !== null ? formatShare(row.accuracy) : (row.r2?.toFixed(3) ?? '-'),
    formatBytes(row.bytesSent),
    formatBytes(row.bytesReceived)
  ])
  const lines = [
    '',
    formatTable([
      ['NODE', 'PEER', 'STATE', 'ROUND', 'LOSS', accuracy === null ? 'R2' : 'ACCURACY', 'SENT', 'RECEIVED'],
      ...rows
    ]),
    ''
  ]
  if (accuracy !== null) {
    lines.push(
      `accuracy   mean ${formatShare(accuracy.mean)}, ` +
        `worst ${formatShare(accuracy.min)}, best ${formatShare(accuracy.max)}`
    )
  }
  if (r2 !== null)
    lines.push(`r2         mean ${r2.mean.toFixed(3)}, worst ${r2.min.toFixed(3)}, best ${r2.max.toFixed(3)}`)
  lines.push(
    `consensus  ${summary.consensusDistance.toFixed(2)} after ${summary.rounds} rounds`,
    `bytes      ${formatBytes(bytes.sentPerNode)} sent and ${formatBytes(bytes.receivedPerNode)} received a node`,
    `time       ${formatSeconds(seconds.wall)}, ${formatSeconds(seconds.cpu)} of CPU for training and network in all`,
    `memory     ${formatBytes(memory.maxRssPerNode)} a node`
  )
  if (wanted !== null) {
    const end = wanted.reached
      ? `reached in round ${wanted.round} after ${formatSeconds(seconds.toTarget!)}`
      : 'not reached'
    lines.push(`target     ${wanted.metric}=${wanted.value} ${end}`)
  }
  lines.push(`record     ${folder}`)
  return lines.join('\n')
}
