import { elementCount } from '../../learning/parameters.js'
import { pair } from '../layers/windows.js'
import type { LayerKind, ModelLayer, Placement, PlanLayer } from './layer-kind.js'
import { encodeWindow, isPlainWindow, windowShape, type WindowShape } from './window.js'

/** MaxPooling1D and 2D. Of equal values the first takes the gradient. */
export const maxPooling = kind(poolWindow, placeMax)

/**
 * AveragePooling1D and 2D; padding takes no part.
 *
 * tfjs's own gradient divides by the whole window at the edges of `same` padding, where its mean does not: there this one,
 * which finite differences confirm, differs from it.
 */
export const averagePooling = kind(poolWindow, placeAverage)

export const globalMaxPooling = kind(wholeWindow, placeMax)
export const globalAveragePooling = kind(wholeWindow, placeAverage)

function kind(
  windowOf: (layer: ModelLayer) => WindowShape,
  place: (layer: ModelLayer, window: WindowShape, placement: Placement) => PlanLayer
): LayerKind {
  return {
    fusesRelu: false,
    accepts: isPlainWindow,
    place: (layer, placement) => place(layer, windowOf(layer), placement)
  }
}

function poolWindow(layer: ModelLayer): WindowShape {
  const dimensions = layer.inputShape.length - 1
  const size = pair(layer.config.pool_size ?? 2, dimensions)
  return windowShape(layer, size, pair(layer.config.strides ?? size, dimensions))
}

function wholeWindow(layer: ModelLayer): WindowShape {
  const extents = layer.inputShape.slice(0, -1)
  return windowShape(layer, extents, extents)
}

function placeMax(layer: ModelLayer, shape: WindowShape, { memory, rows: mostRows }: Placement): PlanLayer {
  const window = memory.place(encodeWindow(shape))
  const width = elementCount(layer.inputShape)
  const pooled = elementCount(layer.outputShape)
  const origins = memory.reserve(mostRows * pooled)
  return {
    scratch: 0,
    forward({ kernels, rows, input, output }) {
      kernels.maxPool(window, rows, input, output, origins)
    },
    backward({ kernels, rows, outputGradient, inputGradient }) {
      if (inputGradient !== 0) {
        kernels.maxPoolGradient(rows, width, pooled, outputGradient, origins, inputGradient)
      }
    }
  }
}

function placeAverage(_: ModelLayer, shape: WindowShape, { memory }: Placement): PlanLayer {
  const window = memory.place(encodeWindow(shape))
  return {
    scratch: 0,
    forward({ kernels, rows, input, output }) {
      kernels.averagePool(window, rows, input, output)
    },
    backward({ kernels, rows, outputGradient, inputGradient }) {
      if (inputGradient !== 0) kernels.averagePoolGradient(window, rows, outputGradient, inputGradient)
    }
  }
}
