import type { Tensor } from '@tensorflow/tfjs-core'
import type { Tfjs } from '../tfjs-library.js'
import type { PackKernels } from './pack-kernel.js'

/** Einstein sums from tfjs's own transpose, multiply and sum, in the order that its cpu backend takes. */
export const einsum: PackKernels = {
  Einsum({ inputs, attrs: { equation } }, memory, core) {
    const tensors = Object.values(inputs).map(info => core.engine().makeTensorFromTensorInfo(info))
    tensors.forEach(({ dataId }) => memory.backend.incRef(dataId))
    const result = core.tidy(() => evaluate(core, tensors, equation as string))
    tensors.forEach(tensor => tensor.dispose())
    return result
  }
}

function evaluate(core: Tfjs['core'], tensors: readonly Tensor[], equation: string): Tensor {
  const { backend_util } = core
  const { allDims, summedDims, idDims } = backend_util.decodeEinsumEquation(equation, tensors.length)
  backend_util.checkEinsumDimSizes(allDims.length, idDims, [...tensors])
  const { path, steps } = backend_util.getEinsumComputePath(summedDims, idDims)
  let product: Tensor | undefined
  let rank = allDims.length
  steps.forEach((terms, i) => {
    for (const term of terms) {
      const { permutationIndices, expandDims } = backend_util.getEinsumPermutation(rank, idDims[term])
      let factor = core.transpose(tensors[term], permutationIndices)
      for (const axis of expandDims) factor = core.expandDims(factor, axis)
      product = product === undefined ? factor : core.mul(factor, product)
    }
    if (i === steps.length - 1) return
    if (path[i] >= 0 && product !== undefined) product = core.sum(product, path[i] - (allDims.length - rank))
    rank--
  })
  if (product === undefined) throw new Error(`einsum "${equation}" has no terms`)
  return product
}
