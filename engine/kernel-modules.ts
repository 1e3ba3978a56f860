import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { EngineError } from './errors.js'

const PLAIN_URL = new URL('./kernels.wasm', import.meta.url)
const RELAXED_URL = new URL('./kernels-relaxed.wasm', import.meta.url)

const compiled = new Map<boolean, WebAssembly.Module>()

/**
 * The kernels, compiled once a thread. Both builds come from the same sources.
 *
 * @param relaxedSimd - multiply and add in one instruction where processor and Node have it: up to a third faster, but the
 * last bit of a result depends on the machine. Where they have not, the plain build.
 * @throws EngineError when the kernels were not built
 */
export function compileKernels(relaxedSimd: boolean): WebAssembly.Module {
  const known = compiled.get(relaxedSimd)
  if (known !== undefined) return known
  const module = (relaxedSimd ? compileRelaxed() : undefined) ?? compile(PLAIN_URL)
  compiled.set(relaxedSimd, module)
  return module
}

function compileRelaxed(): WebAssembly.Module | undefined {
  // Node 20 has it behind a flag of V8; later ones have it on and do not mind.
  setFlagsFromString('--experimental-wasm-relaxed-simd')
  return WebAssembly.validate(read(RELAXED_URL)) ? compile(RELAXED_URL) : undefined
}

function compile(url: URL): WebAssembly.Module {
  const bytes = read(url)
  try {
    return new WebAssembly.Module(bytes)
  } catch (cause) {
    throw unusable(url, cause)
  }
}

function read(url: URL): Buffer<ArrayBuffer> {
  try {
    return readFileSync(url)
  } catch (cause) {
    throw unusable(url, cause)
  }
}

function unusable(url: URL, cause: unknown): EngineError {
  return new EngineError(`${url.pathname} cannot be loaded; build it with "npm run build"`, { cause })
}
