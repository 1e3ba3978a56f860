// Gathers what a node loads of libraries, over five hundred small modules, into a few files beside the compiled code, and has that
// code load those: finding, reading and compiling each module by itself takes longer than all else before the first local step.
// Nothing of ours is bundled, so stack traces and paths stay as they are; without this step the code loads the packages themselves.
import { build } from 'esbuild'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** All modules that come with libp2p, which share much. */
const network = [
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
  'uint8arrays/alloc'
]
const libraries = [...network, 'zod']
/** What has to be the one copy that others load too, or comes with a binary. */
const external = ['prom-client', 'level', 'classic-level']

const compiled = fileURLToPath(new URL('../../', import.meta.url))
const bundles = join(compiled, 'libraries')

const format = { bundle: true, format: 'esm', platform: 'node', target: 'node20' } as const
const code = readdirSync(compiled, { recursive: true, encoding: 'utf8' })
  .map(name => join(compiled, name))
  .filter(file => file.endsWith('.js') && !file.startsWith(bundles))
  .map(file => ({ file, text: readFileSync(file, 'utf8') }))

rmSync(bundles, { recursive: true, force: true })
await build({
  ...format,
  entryPoints: Object.fromEntries(network.map(library => [fileOf(library), library])),
  outdir: bundles,
  external,
  splitting: true,
  // CommonJS among them asks for Node's own modules in this way.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" }
})
await build({
  ...format,
  stdin: { contents: usedOfZod(code.map(({ text }) => text)), resolveDir: compiled },
  outfile: join(bundles, 'zod.js')
})
for (const { file, text } of code) {
  const pointed = pointToBundles(text, relative(dirname(file), bundles))
  if (pointed !== text) writeFileSync(file, pointed)
}

/** What the code uses of zod's namespace: a quarter of it all, the rest being its messages in fifty languages. */
function usedOfZod(texts: readonly string[]): string {
  const users = texts.filter(text => /\bimport \{ z \} from '(zod|.*\/libraries\/zod\.js)'/.test(text))
  const names = [...new Set(users.flatMap(text => [...text.matchAll(/\bz\.(\w+)/g)].map(([, name]) => name)))]
  const [parts, fields] = [names.map(name => `${name} as ${name}_`), names.map(name => `${name}: ${name}_`)]
  // Not in single quotes, which would be pointed to the bundle that is made here.
  return `import { ${parts.join(', ')} } from "zod"; export const z = { ${fields.join(', ')} }`
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
