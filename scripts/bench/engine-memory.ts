import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Dataset } from '../../data/dataset.js'
import { createEngine, initialParameters, type ModelTopology, type TrainingSettings } from '../../engine/index.js'
import { PlanEngine } from '../../engine/plan/plan-engine.js'
import { loadTfjs, requirePackage } from '../../engine/tfjs-library.js'

const STEPS = 10_000
/** Come first, so that all that is compiled or allocated once is there. */
const WARM_UP_STEPS = 1000
const STEPS_A_CALL = 100

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What an engine holds; garbage left out. */
export interface Holdings {
  readonly heap: number
  /** Bytes of array buffers. */
  readonly buffers: number
  /** Tensors of tfjs; none for the plan. */
  readonly tensors: number
  /** Pages of WebAssembly memory, of 64 KiB. */
  readonly pages: number
}

/** What the compiled plan, and tfjs-wasm with our kernels, hold before and after 10,000 steps. */
export async function measureGrowth(
  topology: ModelTopology,
  training: TrainingSettings,
  data: Dataset
): Promise<{ backend: string; steps: number; before: Holdings; after: Holdings }[]> {
  const parameters = initialParameters(topology, 1)
  const plan = new PlanEngine(topology, training)
  const ofPlan = (): Partial<Holdings> => {
    const { gradient } = plan.gradient(parameters, data, Uint32Array.of(0))
    return { pages: pagesOf(gradient.buffer) }
  }
  const tfjs = await createEngine({ topology, training, backend: 'wasm' })
  const { core } = await loadTfjs('wasm', requirePackage)
  const ofTfjs = (): Partial<Holdings> => {
    const { wasm } = core.backend() as unknown as { readonly wasm: { readonly HEAPF32: Float32Array } }
    return { tensors: core.memory().numTensors, pages: pagesOf(wasm.HEAPF32.buffer) }
  }
  const results = []
  for (const [engine, holdings] of [[plan, ofPlan] as const, [tfjs, ofTfjs] as const]) {
    const measure = (): Holdings => {
      collectGarbage()
      collectGarbage()
      const { heapUsed: heap, arrayBuffers: buffers } = process.memoryUsage()
      return { heap, buffers, tensors: 0, pages: 0, ...holdings() }
    }
    let firstStep = 0
    const train = async (steps: number): Promise<void> => {
      for (const end = firstStep + steps; firstStep < end; firstStep += STEPS_A_CALL) {
        await engine.train(parameters, data, { firstStep, steps: STEPS_A_CALL, seed: 1 })
      }
    }
    await train(WARM_UP_STEPS)
    const before = measure()
    await train(STEPS)
    results.push({ backend: engine.backend, steps: STEPS, before, after: measure() })
    engine.dispose()
  }
  return results
}

function pagesOf({ byteLength }: ArrayBufferLike): number {
  return byteLength / 65536
}
