import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type * as Core from '@tensorflow/tfjs-core'
import type * as Layers from '@tensorflow/tfjs-layers'
import type * as Wasm from '@tensorflow/tfjs-backend-wasm'
import { BackendUnavailableError } from './errors.js'

export type TfjsBackend = 'native' | 'wasm' | 'cpu'

export interface Tfjs {
  readonly core: typeof Core
  readonly layers: typeof Layers
}

/** tfjs's own names. */
const REGISTERED: Readonly<Record<TfjsBackend, string>> = { native: 'tensorflow', wasm: 'wasm', cpu: 'cpu' }

/** Loads packages, and tells where they are; throws whatever they throw. */
export interface PackageLoader {
  (name: string): unknown
  resolve(name: string): string
}

/** Through require tfjs loads in a fifth of the time that its ES modules take. */
export const requirePackage: PackageLoader = createRequire(import.meta.url)

const PACKAGES: Readonly<Record<TfjsBackend, string>> = {
  native: '@tensorflow/tfjs-node',
  wasm: '@tensorflow/tfjs-backend-wasm',
  cpu: '@tensorflow/tfjs-backend-cpu'
}

/** Whether the package of a backend is there; it may be broken all the same. */
export function isInstalled(backend: TfjsBackend, load: PackageLoader): boolean {
  try {
    load.resolve(PACKAGES[backend])
    return true
  } catch {
    return false
  }
}

/**
 * Load tfjs and make a backend the current one.
 *
 * @throws BackendUnavailableError when the backend is not installed or does not start
 */
export async function loadTfjs(backend: TfjsBackend, load: PackageLoader): Promise<Tfjs> {
  try {
    const core = load('@tensorflow/tfjs-core') as typeof Core
    core.enableProdMode() // no banner on the console
    registerBackend(core, backend, load)
    await useBackend(core, backend)
    return { core, layers: load('@tensorflow/tfjs-layers') as typeof Layers }
  } catch (cause) {
    // An optional package can be absent, half installed or built for another Node: whatever is thrown, it is not there.
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).split('\n')
    throw new BackendUnavailableError(backend, reason, 'Use "auto".', { cause })
  }
}

/** Make a backend that was loaded before the current one of tfjs, which knows one at a time. */
export async function useBackend(core: typeof Core, backend: TfjsBackend): Promise<void> {
  if (!(await core.setBackend(REGISTERED[backend]))) throw new Error('tfjs could not start it')
}

function registerBackend(core: typeof Core, backend: TfjsBackend, load: PackageLoader): void {
  const loaded = load(PACKAGES[backend])
  if (backend !== 'wasm') return
  // The threaded build is no faster in Node and starts workers of its own.
  core.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
  const folder = `${dirname(load.resolve(PACKAGES.wasm))}/`
  if (core.findBackend('wasm') === null) (loaded as typeof Wasm).setWasmPaths(folder)
}
