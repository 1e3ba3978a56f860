import { Command } from 'commander'
import { loadModelFile, takesImages } from '../../engine/index.js'
import type { NodeOptions } from '../../node/index.js'
import { loadOwnData } from '../../node/own-data.js'
import { deviceOptions, requireData, runDevice, type DeviceFlags } from '../device.js'
import { dataOptions, learningOptions, option, type LearningFlags } from '../options.js'
import { readTaskFile, type TaskFileSettings } from '../task-file.js'

interface UpFlags extends DeviceFlags, LearningFlags {
  readonly task?: string
  readonly name: string
  readonly label?: string
  readonly kind?: 'classification' | 'regression'
  readonly standardise: 'local' | 'task' | 'none'
}

export function upCommand(): Command {
  const command = new Command('up')
    .description('start a node on this device: it learns from its own data, alone until others join')
    .addOption(option('--task <file>', 'a task, or some of these settings, as JSON; flags go before it'))
    .addOption(option('--name <name>', 'name of the model that is learned').default('model'))
  for (const shared of [...deviceOptions(), ...dataOptions(), ...learningOptions()]) command.addOption(shared)
  return command.action(async (flags: UpFlags, self: Command) => {
    requireData(self)
    await runDevice(flags, self, await founding(flags, self))
  })
}

/** Flags that decide what is learned. */
const settingNames = [
  'name',
  'model',
  'optimizer',
  'learningRate',
  'momentum',
  'weightDecay',
  'clipNorm',
  'clipValue',
  'perExampleClipNorm',
  'batchSize',
  'localSteps',
  'sharing',
  'roundMemory',
  'averaging',
  'topology',
  'compress',
  'budget',
  'seed'
] as const

/**
 * What founding a swarm takes: a whole task, or settings from flags, task file and defaults, in this order. Without any of
 * them a checkpoint in the home folder decides.
 */
async function founding(flags: UpFlags, command: Command): Promise<Pick<NodeOptions, 'task' | 'settings' | 'data'>> {
  const file = flags.task === undefined ? { settings: {} } : await readTaskFile(flags.task)
  if ('task' in file) {
    return { task: file.task, data: schema => loadOwnData(flags.data, { schema, missing: flags.missing }) }
  }
  const given = (name: keyof UpFlags & keyof TaskFileSettings): unknown =>
    ['default', undefined].includes(command.getOptionValueSource(name))
      ? (file.settings[name] ?? flags[name])
      : flags[name]
  const settings = Object.fromEntries(settingNames.map(name => [name, given(name)])) as NonNullable<
    NodeOptions['settings']
  >
  const model =
    typeof settings.model === 'string' && settings.model.endsWith('.json')
      ? await loadModelFile(settings.model)
      : settings.model
  const options = {
    label: flags.label ?? file.settings.label,
    task: flags.kind ?? file.settings.kind,
    standardise: given('standardise') as UpFlags['standardise'],
    missing: given('missing') as UpFlags['missing'],
    layout: model !== undefined && takesImages(model) ? 'image' : 'flat'
  } as const
  const data: NodeOptions['data'] = schema => loadOwnData(flags.data, { schema, ...options })
  return isAsked(flags, command) ? { settings: { ...settings, model, loss: file.settings.loss }, data } : { data }
}

/** Whether anything was said of what to learn, in a file, by a flag or by the environment. */
function isAsked(flags: UpFlags, command: Command): boolean {
  const names = [...settingNames, 'label', 'kind', 'standardise'] as const
  return (
    flags.task !== undefined || names.some(name => !['default', undefined].includes(command.getOptionValueSource(name)))
  )
}
