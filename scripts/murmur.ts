#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { compareCommand } from './commands/compare.js'
import { completionCommand } from './commands/completion.js'
import { convergeCommand } from './commands/converge.js'
import { doctorCommand } from './commands/doctor.js'
import { exportCommand } from './commands/export.js'
import { initCommand } from './commands/init.js'
import { joinCommand } from './commands/join.js'
import { keyCommand } from './commands/key.js'
import { peersCommand } from './commands/peers.js'
import { predictCommand } from './commands/predict.js'
import { reportCommand } from './commands/report.js'
import { runsCommand } from './commands/runs.js'
import { simulateCommand } from './commands/simulate.js'
import { statusCommand } from './commands/status.js'
import { swarmCommand } from './commands/swarm.js'
import { upCommand } from './commands/up.js'
import { reportOf } from './errors.js'
import { applyConfigFile } from './config-file.js'
import { readSwitches } from './environment.js'
import { exitCodes } from './exit-codes.js'
import { addExamples, setUpHelp, takesConfig } from './help.js'
import { narrate, tolerateClosedPipes } from './output.js'
import { printConfig } from './print-config.js'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

const program = new Command('murmur')
  .description('Devices learn together without a server.')
  .version(version)
  .addHelpCommand(new Command('help').argument('[command]').description('all flags of a command').helpGroup('Use:'))
addExamples(program, [
  ['murmur swarm', 'eight nodes learn MNIST on this machine'],
  ['murmur init && murmur up', 'a node on this device, with a small data set'],
  ['murmur up --data train.csv', 'with your own'],
  ['murmur predict digit.png', 'ask it']
])

const up = upCommand()
const join = joinCommand()
const swarm = swarmCommand()
const simulate = simulateCommand()
const compare = compareCommand()
const converge = convergeCommand()
const doctor = doctorCommand()
const key = keyCommand()
addExamples(up, [
  ['murmur up --data train.csv', 'learn from a table'],
  ['murmur up --data train.csv --label price --kind regression', 'its column "price"'],
  ['murmur up --data train.csv --http-host 0.0.0.0', 'answer other devices too, for a token']
])
addExamples(join, [
  ['murmur join /ip4/192.168.1.20/tcp/4101/p2p/12D3Koo… --data train.csv', 'as `murmur up` printed it']
])
addExamples(swarm, [
  ['murmur swarm --nodes 4 --until accuracy=0.92', 'stop when good enough; exit 5 if never'],
  ['murmur swarm --partition dirichlet:0.1 --budget 5KB/round', 'skewed labels, few bytes']
])
addExamples(simulate, [
  ['murmur simulate --nodes 100 --samples 60 --latency 20 --loss 0.01', 'a hundred, on a bad network']
])
addExamples(compare, [['murmur compare --strategies d-psgd,swarm-sgd --seeds 3 --nodes 16', 'a table and report.html']])
addExamples(converge, [['murmur converge spec.json', 'exit 5 when a target is missed']])

addExamples(doctor, [
  ['murmur doctor --join /ip4/192.168.1.20/tcp/4101', 'can that node be reached from here?'],
  ['murmur doctor --data train.csv --json', 'findings for a program']
])
addExamples(key, [['murmur key home.key', 'then on every device: murmur up --swarm-key home.key --data …']])

program
  .commandsGroup('Start:')
  .addCommand(initCommand(up))
  .addCommand(up)
  .addCommand(join)
  .addCommand(swarm)
  .addCommand(key)
program.commandsGroup('Experiment:').addCommand(simulate).addCommand(compare).addCommand(converge)
program
  .commandsGroup('Look:')
  .addCommand(statusCommand())
  .addCommand(peersCommand())
  .addCommand(runsCommand())
  .addCommand(reportCommand())
  .addCommand(doctor)
program.commandsGroup('Use:').addCommand(predictCommand()).addCommand(exportCommand()).addCommand(completionCommand())
for (const command of program.commands) {
  if (['init', 'key', 'completion'].includes(command.name())) continue
  command
    .addOption(
      new Option('--config <file>', 'flags, as YAML (default: ./murmur.yaml if there is one)').env('MURMUR_CONFIG')
    )
    .addOption(new Option('--print-config', 'print each flag, its value and where that came from; do nothing else'))
}
for (const command of [program, ...program.commands]) setUpHelp(command)

program.hook('preAction', (_, command) => {
  if (!takesConfig(command)) return
  const file = applyConfigFile(command)
  if (command.opts<{ printConfig?: boolean }>().printConfig !== true) return
  printConfig(command, file)
  throw new CommanderError(exitCodes.done, 'murmur.printConfig', '')
})

tolerateClosedPipes()
try {
  readSwitches(program, process.env)
  await program.parseAsync()
} catch (error) {
  const { message, exitCode } = reportOf(error)
  if (message !== '') narrate(`✖ ${message}`)
  process.exitCode = exitCode
}
