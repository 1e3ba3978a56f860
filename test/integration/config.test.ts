import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runMurmur, withCommands } from '../helpers/run-murmur.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'

const config = suite('configuration of the command line')
const folder = temporaryFolder()

type Printed = Record<string, { readonly value: unknown; readonly from: string }>

config('a flag goes before the environment, that before a file, that before the default', async () => {
  const file = folder.write(
    'some.yaml',
    'seed: 1\nlocal-steps: 2\nbatch-size: 3\nnodes: 5\ncors-origin: [http://a, http://b]\n'
  )
  const env = { MURMUR_SEED: '10', MURMUR_LOCAL_STEPS: '20', MURMUR_JSON: '0' }
  const args = ['up', '--config', file, '--seed', '100', '--print-config']
  const { code, stdout, stderr } = await runMurmur([...args, '--json'], { env })
  assert.is(code, 0, stderr)
  const printed = JSON.parse(stdout) as Printed
  const expected = {
    seed: { value: 100, from: 'flag' },
    'local-steps': { value: 20, from: 'MURMUR_LOCAL_STEPS' },
    'batch-size': { value: 3, from: file },
    'cors-origin': { value: ['http://a', 'http://b'], from: file },
    momentum: { value: 0.9, from: 'default' },
    data: { value: null, from: 'default' }
  }
  assert.equal(Object.fromEntries(Object.keys(expected).map(name => [name, printed[name]])), expected)

  const table = await runMurmur(args, { env })
  assert.match(table.stdout, /^FLAG +VALUE +FROM\n/, 'MURMUR_JSON=0 does not mean --json')
  assert.match(table.stdout, /^--local-steps +20 +MURMUR_LOCAL_STEPS$/m)
})

config('a switch in the environment is on or off', async () => {
  const { code, stderr } = await runMurmur(['status'], { env: { MURMUR_JSON: 'maybe' } })
  assert.equal([code, stderr], [2, '✖ MURMUR_JSON is "maybe"; expected 1 or 0.\n'])
})

config('init makes what up learns from, predict asks and export writes', () =>
  withCommands(async start => {
    const made = await runMurmur(['init', 'device'], { cwd: folder.path })
    assert.is(made.code, 0, made.stderr)
    assert.match(made.stdout, /^Next: cd device && murmur up$/m)
    const cwd = join(folder.path, 'device')
    const again = await runMurmur(['init', 'device'], { cwd: folder.path })
    assert.is(again.code, 3)
    assert.match(again.stderr, /murmur\.yaml exists already; expected a folder without it/)

    const up = start(['up', '--host', '127.0.0.1', '--port', '0', '--http', '0', '--rounds', '1'], { cwd })
    await up.writes('stdout', /^round 1 /m)
    const [header, first] = readFileSync(join(cwd, 'iris.csv'), 'utf8').split(/\r?\n/)
    const answer = await runMurmur(['predict', '-', '--json'], { cwd, input: `${header}\n${first}\n` })
    assert.is(answer.code, 0, answer.stderr)
    const { predictions, round, model_version } = JSON.parse(answer.stdout) as Record<string, unknown>
    assert.equal([(predictions as unknown[]).length, round, model_version], [1, 1, '2'])

    const exported = await runMurmur(['export', 'model'], { cwd })
    assert.match(
      exported.stdout,
      /^model\/model\.json +\d.*\nmodel\/weights\.bin +\d.*\nmodel\/labels\.txt /,
      exported.stderr
    )
    const status = JSON.parse((await runMurmur(['status', '--json'], { cwd })).stdout) as {
      model: { parameters: number }
    }
    assert.is(readFileSync(join(cwd, 'model', 'weights.bin')).length, 4 * status.model.parameters)
    assert.is(readFileSync(join(cwd, 'model', 'labels.txt'), 'utf8'), 'setosa\nversicolor\nvirginica\n')

    const image = await runMurmur(['predict', '-'], { cwd, input: '\u0089PNG' })
    assert.is(image.code, 3, image.stdout)
    up.signal('SIGINT')
    assert.is((await up.ended()).code, 0)

    const kept = await runMurmur(['export', 'kept', '--json'], { cwd })
    assert.is((JSON.parse(kept.stdout) as { round: number }).round, 1, kept.stderr)
    assert.match(kept.stderr, /^no node runs on \S+; this is its last checkpoint, of round 1$/m)
    const [before, after] = ['model', 'kept'].map(name => (file: string) => readFileSync(join(cwd, name, file)))
    assert.equal(JSON.parse(after('model.json').toString()), JSON.parse(before('model.json').toString()))
    assert.ok(after('weights.bin').equals(before('weights.bin')))
    assert.ok(after('labels.txt').equals(before('labels.txt')))
  })
)

config('completion knows commands, flags and values', async () => {
  for (const [shell, pattern] of [
    ['bash', /complete -o filenames -F _murmur murmur$/m],
    ['zsh', /^#compdef murmur$[^]*up\) _arguments '--task\[[^]*'--backend\[what trains\]:backend:\(auto native/m],
    ['fish', /^complete -c murmur -n '__fish_seen_subcommand_from up' -l backend -x -a 'auto native/m]
  ] as const) {
    const { code, stdout } = await runMurmur(['completion', shell])
    assert.is(code, 0, shell)
    assert.match(stdout, pattern, shell)
    if (shell !== 'bash') continue
    for (const [words, expected] of [
      ['murmur sw', 'swarm'],
      ['murmur up --back', '--backend'],
      ['murmur up --backend w', 'wasm']
    ]) {
      const ask = `${stdout}\nCOMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _murmur; echo "\${COMPREPLY[@]}"`
      assert.is(execFileSync('bash', ['-c', ask], { encoding: 'utf8' }).trim(), expected, words)
    }
  }
})

config.run()
