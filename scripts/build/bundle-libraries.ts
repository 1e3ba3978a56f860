// Gathers what a node loads of libraries, over five hundred small modules, into a few files beside the compiled code, and has that
// code load those: finding, reading and compiling each module by itself takes longer than all else before the first local step.
// Nothing of ours is bundled, so stack traces and paths stay as they are; without this step the code loads the packages themselves.
import { build } from 'esbuild'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** All modules that come with libp2p, which share much, and zod, which comes in the most files. */
const libraries = [
  '@chainsafe/libp2p-gossipsub',
  '@libp2p/config',
  '@libp2p/crypto/keys',
  '@libp2p/identify',
  '@libp2p/mdns',
  '@libp2p/noise',
  '@libp2p/peer-id',
  '@libp2p/ping',
  '@libp2p/pnet',
  '@libp2p/prometheus-metrics',
  '@libp2p/tcp',
  '@libp2p/utils',
  '@libp2p/yamux',
  '@multiformats/multiaddr',
  'datastore-level',
  'interface-datastore',
  'it-length-prefixed',
  'it-pipe',
  'libp2p',
  'multiformats/hashes/digest',
  'protons-runtime',
  'uint8arraylist',
  'uint8arrays/alloc',
  'zod'
]
/** What has to be the one copy that others load too, or comes with a binary. */
const external = ['prom-client', 'level', 'classic-level']

const compiled = fileURLToPath(new URL('../../', import.meta.url))
const bundles = join(compiled, 'libraries')

rmSync(bundles, { recursive: true, force: true })
await build({
  entryPoints: Object.fromEntries(libraries.map(library => [fileOf(library), library])),
  outdir: bundles,
  external,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // CommonJS among them asks for Node's own modules in this way.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" }
})
for (const name of readdirSync(compiled, { recursive: true, encoding: 'utf8' })) {
  const file = join(compiled, name)
  if (!file.endsWith('.js') || file.startsWith(bundles)) continue
  const code = readFileSync(file, 'utf8')
  const pointed = pointToBundles(code, relative(dirname(file), bundles))
  if (pointed !== code) writeFileSync(file, pointed)
}

/** @param folder - where the bundles are, seen from the code */
function pointToBundles(code: string, folder: string): string {
  const from = folder.startsWith('.') ? folder : `./${folder}`
  return code.replace(/\b(from |import |import\()'([^']+)'/g, (whole, keyword: string, name: string) =>
    libraries.includes(name) ? `${keyword}'${from}/${fileOf(name)}.js'` : whole
  )
}

function fileOf(library: string): string {
  return library.replace(/^@/, '').replaceAll('/', '-')
}
