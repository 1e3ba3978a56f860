export { dequantize2, dequantize4, dequantize8, quantize2, quantize4, quantize8 } from './quantize'
export { randomWords } from './random'
export { packSigns } from './sign'
export { addDifference, allFinite, moveTowards } from './vectors'
