import { Command } from 'commander'
import { loadOwnData } from '../../node/own-data.js'
import { deviceOptions, requireData, runDevice, type DeviceFlags } from '../device.js'
import { missingOption, option, positive } from '../options.js'

interface JoinFlags extends DeviceFlags {
  readonly joinTimeout: number
}

export function joinCommand(): Command {
  const command = new Command('join')
    .description('start a node on this device and learn with those that it reaches')
    .argument('<multiaddr...>', 'addresses of nodes of the swarm, as `murmur up` prints them')
    .addOption(option('--join-timeout <seconds>', 'give up after this long').default(30).argParser(positive))
    .addOption(missingOption())
  for (const shared of deviceOptions()) command.addOption(shared)
  return command.action(async (addresses: string[], flags: JoinFlags, self: Command) => {
    requireData(self)
    await runDevice(flags, self, {
      join: addresses,
      joinTimeoutMs: 1000 * flags.joinTimeout,
      data: schema => loadOwnData(flags.data, { schema, missing: flags.missing })
    })
  })
}
