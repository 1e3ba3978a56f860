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

// Through require tfjs loads in a fifth of the time that its ES modules take.
const require = createRequire(import.meta.url)

/**
 * Load tfjs and make a backend the current one.
 *
 * @throws BackendUnavailableError when the backend is not installed or does not start
 */
export async function loadTfjs(backend: TfjsBackend): Promise<Tfjs> {
  try {
    const core = require('@tensorflow/tfjs-core') as typeof Core
    core.enableProdMode() // no banner on the console
    registerBackend(core, backend)
    await useBackend(core, backend)
    return { core, layers: require('@tensorflow/tfjs-layers') as typeof Layers }
  } catch (cause) {
    // An optional package can be absent, half installed or built for another Node: whatever is thrown, it is not there.
    const [reason] = (cause as Error).message.split('\n')
    throw new BackendUnavailableError(backend, `${reason}. Use "auto".`, { cause })
  }
}

/** Make a backend that was loaded before the current one of tfjs, which knows one at a time. */
export async function useBackend(core: typeof Core, backend: TfjsBackend): Promise<void> {
  if (!(await core.setBackend(REGISTERED[backend]))) throw new Error('tfjs could not start it')
}

function registerBackend(core: typeof Core, backend: TfjsBackend): void {
  if (backend === 'native') require('@tensorflow/tfjs-node')
  else if (backend === 'cpu') require('@tensorflow/tfjs-backend-cpu')
  else {
    const name = '@tensorflow/tfjs-backend-wasm'
    const wasm = require(name) as typeof Wasm
    // The threaded build is no faster in Node and starts workers of its own.
    core.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
    if (core.findBackend('wasm') === null) wasm.setWasmPaths(`${dirname(require.resolve(name))}/`)
  }
}
