import { elementCount } from '../../learning/parameters.js'
import { borders } from '../layers/windows.js'
import type { LayerKind } from './layer-kind.js'

/** ZeroPadding2D: its border is zero from the start, and nothing writes there. */
export const zeroPadding: LayerKind = {
  fusesRelu: false,
  keepsOutput: true,
  accepts: () => true,
  place({ config, inputShape, outputShape }) {
    const [[top], [left]] = borders(config)
    const [height, width, channels] = inputShape
    const line = width * channels
    const paddedLine = outputShape[1] * channels
    const image = height * line * 4
    const paddedImage = elementCount(outputShape) * 4
    const inside = (top * paddedLine + left * channels) * 4
    return {
      scratch: 0,
      forward({ kernels, rows, input, output }) {
        for (let row = 0; row < rows; row++) {
          kernels.copyRows(input + row * image, line, output + row * paddedImage + inside, paddedLine, line, height)
        }
      },
      backward({ kernels, rows, outputGradient, inputGradient }) {
        if (inputGradient === 0) return
        for (let row = 0; row < rows; row++) {
          const from = outputGradient + row * paddedImage + inside
          kernels.copyRows(from, paddedLine, inputGradient + row * image, line, line, height)
        }
      }
    }
  }
}
