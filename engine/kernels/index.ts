export { gemm } from './gemm'
export { columnSums, reluGradient } from './layers'
export { adam, momentum, sgd } from './optimizers'
