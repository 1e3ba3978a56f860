#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { doctorCommand } from './commands/doctor.js'
import { joinCommand } from './commands/join.js'
import { keyCommand } from './commands/key.js'
import { peersCommand } from './commands/peers.js'
import { predictCommand } from './commands/predict.js'
import { simulateCommand } from './commands/simulate.js'
import { statusCommand } from './commands/status.js'
import { swarmCommand } from './commands/swarm.js'
import { upCommand } from './commands/up.js'
import { reportOf } from './errors.js'
import { setUpHelp } from './help.js'
import { narrate, tolerateClosedPipes } from './output.js'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

const program = new Command('murmur')
  .description('Devices learn together without a server.')
  .version(version)
  .addHelpCommand(new Command('help').argument('[command]').description('all flags of a command').helpGroup('Use:'))
  .addHelpText(
    'after',
    `
First steps:
  murmur swarm                     eight nodes learn MNIST on this machine
  murmur up --data train.csv       a node on this device`
  )

program.commandsGroup('Start:').addCommand(upCommand()).addCommand(joinCommand()).addCommand(swarmCommand())
program.commandsGroup('Experiment:').addCommand(simulateCommand())
program.commandsGroup('Look:').addCommand(statusCommand()).addCommand(peersCommand()).addCommand(doctorCommand())
program.commandsGroup('Use:').addCommand(predictCommand()).addCommand(keyCommand())
for (const command of [program, ...program.commands]) setUpHelp(command)

tolerateClosedPipes()
try {
  await program.parseAsync()
} catch (error) {
  const { message, exitCode } = reportOf(error)
  if (message !== '') narrate(`✖ ${message}`)
  process.exitCode = exitCode
}
