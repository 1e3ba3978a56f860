import { readFileSync } from 'node:fs'
import { EngineError } from './errors.js'

/** An address in kernel memory, in bytes. */
export type Address = number

/** What `kernels/` exports. Addresses and strides as its doc comments say. */
export interface Kernels {
  readonly gemm: (
    m: number,
    n: number,
    k: number,
    a: Address,
    aRow: number,
    aColumn: number,
    b: Address,
    bRow: number,
    bColumn: number,
    c: Address,
    bias: Address,
    relu: boolean,
    scratch: Address
  ) => void
  readonly columnSums: (matrix: Address, rows: number, columns: number, sums: Address) => void
  readonly reluGradient: (gradient: Address, activation: Address, length: number) => void
  readonly sgd: (p: Address, g: Address, learningRate: number, length: number) => void
  readonly momentum: (
    p: Address,
    g: Address,
    v: Address,
    learningRate: number,
    momentum: number,
    length: number
  ) => void
  readonly adam: (
    p: Address,
    g: Address,
    m: Address,
    v: Address,
    learningRate: number,
    beta1: number,
    beta2: number,
    take1: number,
    take2: number,
    epsilon: number,
    correction1: number,
    correction2: number,
    length: number
  ) => void
}

const PAGE_BYTES = 65536
/** A cache line: no two buffers share one, and a kernel may read past the end of a buffer up to its next line. */
const ALIGN_BYTES = 64
const KERNELS_URL = new URL('./kernels.wasm', import.meta.url)

let compiled: WebAssembly.Module | undefined

/** Hands out room before the memory exists, so that it can be made exactly as large as needed. */
export class KernelMemory {
  // Address 0 means "none" to the kernels.
  #bytes = ALIGN_BYTES
  #memory: WebAssembly.Memory | undefined

  /** @returns where `floats` zeros, rounded up to a cache line, will be */
  reserve(floats: number): Address {
    const address = this.#bytes
    this.#bytes += Math.ceil((floats * 4) / ALIGN_BYTES) * ALIGN_BYTES
    return address
  }

  /**
   * Allocate what was reserved.
   *
   * @throws EngineError when the kernels were not built
   */
  open(): Kernels {
    compiled ??= compileKernels()
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil((this.#bytes + ALIGN_BYTES) / PAGE_BYTES) })
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory: this.#memory } })
    return exports as unknown as Kernels
  }

  /** A view, once open. */
  view(address: Address, floats: number): Float32Array {
    if (this.#memory === undefined) throw new Error('kernel memory is not open')
    return new Float32Array(this.#memory.buffer, address, floats)
  }
}

/** Floats that `gemm` needs as scratch. */
export function gemmScratch(m: number, n: number, k: number): number {
  const kept = m > n ? Math.ceil(n / 8) * 8 : Math.ceil(m / 4) * 4
  return 32 + k * (kept + 8)
}

function compileKernels(): WebAssembly.Module {
  try {
    return new WebAssembly.Module(readFileSync(KERNELS_URL))
  } catch (cause) {
    throw new EngineError(`${KERNELS_URL.pathname} cannot be loaded; build it with "npm run build"`, { cause })
  }
}
