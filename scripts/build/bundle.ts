// Gathers each program, thread and public module with all that it loads, over seven hundred small modules of ours and of libraries,
// into a few files: finding, reading and compiling each module by itself takes longer than all else before the first local step.
// What tsc compiled stays as it is beside them, for tests and whoever works on the code.
import { build, type Plugin } from 'esbuild'
import { readFileSync, rmSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** By the name of their bundle. A script that another starts has its own name, for it is looked for beside that. */
const entryPoints = {
  murmur: 'scripts/murmur.js',
  index: 'node/index.js',
  testing: 'testing/index.js',
  compliance: 'test/compliance/index.js',
  'node-process': 'scripts/swarm/node-process.js',
  'training-worker': 'engine/training-worker.js',
  'inference-worker': 'engine/inference-worker.js',
  'pool-worker': 'simulation/pool-worker.js'
}
/** Of the packages that our code names: those of many modules, which come with libp2p, and zod, of which little is used. */
const bundled =
  /^(@libp2p|@chainsafe|@multiformats|libp2p|multiformats|datastore-level|interface-datastore|it-|protons-runtime|uint8array|zod)/
/** What these load, but has to be the one copy that others load too, or comes with a binary. */
const external = ['prom-client', 'level', 'classic-level']

const compiled = fileURLToPath(new URL('../../', import.meta.url))
const bundles = join(compiled, 'bundle')

const ours: Plugin = {
  name: 'ours',
  setup(bundler) {
    bundler.onResolve({ filter: /^[^./]/ }, ({ path, importer }) =>
      isOurs(importer) && !bundled.test(path) ? { path, external: true } : undefined
    )
    bundler.onLoad({ filter: /\.js$/ }, ({ path }) =>
      isOurs(path) ? { contents: atHome(readFileSync(path, 'utf8'), path) } : undefined
    )
  }
}

rmSync(bundles, { recursive: true, force: true })
await build({
  entryPoints,
  absWorkingDir: compiled,
  outdir: bundles,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  sourcesContent: false,
  external,
  plugins: [ours],
  // CommonJS among the libraries asks for Node's own modules in this way.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);"
  }
})

function isOurs(file: string): boolean {
  return file.startsWith(compiled)
}

/** A module finds files where they lie, from where it lay itself, but the scripts that it starts beside its bundle. */
function atHome(code: string, file: string): string {
  const home = `new URL('${relative(bundles, file).replaceAll(sep, '/')}', import.meta.url).href`
  return code.replace(/(new URL\('\.\/[\w-]+\.js', )?import\.meta\.url/g, (whole, script) => (script ? whole : home))
}
