import { join } from 'node:path'
import { Command } from 'commander'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { applyConfigFile } from '../../scripts/config-file.js'
import { reportOf } from '../../scripts/errors.js'
import { choice, option, repeated, wholeNumber } from '../../scripts/options.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'

const configFile = suite('config file')
const folder = temporaryFolder()

/** What `murmur demo <args>` would work with. */
async function optionsOf(content: string | undefined, ...args: string[]): Promise<Record<string, unknown>> {
  const path = content === undefined ? join(folder.path, 'absent.yaml') : folder.write('config.yaml', content)
  const program = new Command().exitOverride()
  const demo = new Command('demo')
    .addOption(option('--nodes <n>', '').default(8).argParser(wholeNumber(1)))
    .addOption(choice('--backend <name>', '', ['auto', 'wasm']).default('auto'))
    .addOption(option('--with <x>', '').default([]).argParser(repeated(Number)))
    .addOption(option('--out <folder>', ''))
    .addOption(option('--json', ''))
    .option('--config <file>')
    .action(() => {})
  program.addCommand(demo).command('other').addOption(option('--only-there <x>', ''))
  program.hook('preAction', (_, command) => void applyConfigFile(command))
  await program.parseAsync(['demo', '--config', path, ...args], { from: 'user' })
  const { config, ...others } = demo.opts<Record<string, unknown>>()
  assert.is(config, path)
  return others
}

configFile('gives what the command line does not', async () => {
  const file = 'nodes: 4 # some\nbackend: wasm\nwith: [1, 2]\nout: 5\njson: true\nonly-there: x\n'
  assert.equal(await optionsOf(file), { nodes: 4, backend: 'wasm', with: [1, 2], out: '5', json: true })
  const given = await optionsOf(file, '--nodes', '2', '--with', '3')
  assert.equal([given.nodes, given.with], [2, [3]])
  assert.equal(await optionsOf('with: 1,2\n'), { nodes: 8, backend: 'auto', with: [1, 2] })
  assert.equal(await optionsOf('# nothing\nnodes:\n'), { nodes: 8, backend: 'auto', with: [] })
})

const bad: readonly (readonly [content: string | undefined, says: RegExp])[] = [
  ['nods: 3', /unknown name "nods"; expected the name of a flag[^]*Did you mean "nodes"\?/],
  ['nodes: 0', /"nodes" is 0\. Expected a whole number of at least 1\./],
  ['backend: wsm', /"backend" is "wsm"\. Expected one of[^]*Did you mean "wasm"\?/],
  ['json: 5', /"json" is 5; expected true or false\./],
  ['nodes: {a: 1}', /"nodes" is \{"a":1\}; expected a text or a number\./],
  ['- 1', /no names with values; expected YAML/],
  ['nodes: [1', /config\.yaml: .* Expected YAML such as/],
  [undefined, /absent\.yaml: the file cannot be read.*Check --config/]
]

configFile('says what is wrong with it', async () => {
  for (const [content, says] of bad) {
    let report = { message: '', exitCode: 0 }
    await optionsOf(content).catch((error: unknown) => (report = reportOf(error)))
    assert.is(report.exitCode, 3, content)
    assert.match(report.message, says, content)
  }
})

configFile.run()
