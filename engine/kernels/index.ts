export { allFinite } from '../../learning/kernels/vectors'
export { sigmoid, sigmoidGradient, tanh, tanhGradient } from './activations'
export { addInto, copy, copyRows, repeatValues, scaleBytes, sumRepeated, swapAxes } from './arrays'
export { addScaled, clip, scale, squaredNorm } from './clipping'
export { columnSums, cutColumnSums } from './column-sums'
export { convolve, convolveGradients } from './convolution'
export { depthwise, depthwiseFilterGradient, depthwiseInputGradient } from './depthwise'
export { dropout } from './dropout'
export { embed, embedGradient } from './embedding'
export { gemm } from './gemm'
export { relu, reluGradient } from './layers'
export { multiplyRegisters } from './limit'
export { moments, normalize, normalizeGradient } from './normalization'
export { adam, momentum, nesterov, sgd } from './optimizers'
export { averagePool, averagePoolGradient, maxPool, maxPoolGradient } from './pooling'
export {
  gruGates,
  gruGatesGradient,
  gruState,
  gruStateGradient,
  lstmState,
  lstmStateGradient
} from './recurrent'
