import { MalformedUpdateError } from '../errors.js'
import { allFinite } from '../parameters.js'
import { refuseArgument } from '../spec.js'
import { checkLength } from './check-length.js'
import type { CompressorKind } from './compressor.js'
import { ownBytes } from './own-bytes.js'

/** Whether this machine keeps floats as the wire does: a copy of the bytes is then all there is to do. */
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** Every value as it is: 4 little-endian bytes. Exact. */
export const float32: CompressorKind = {
  name: 'float32',
  create(argument, { size }) {
    refuseArgument('float32', argument)
    const maxBytes = 4 * size
    return {
      spec: 'float32',
      maxBytes,
      seekable: true,
      encode(input) {
        if (isLittleEndian) return ownBytes(bytesOf(input), maxBytes)
        const bytes = new Uint8Array(maxBytes)
        const view = new DataView(bytes.buffer)
        for (let i = 0; i < size; i++) view.setFloat32(4 * i, input[i], true)
        return bytes
      },
      decode(bytes, output, from = 0) {
        checkLength('float32', bytes, maxBytes)
        const part = bytes.subarray(4 * from, 4 * (from + output.length))
        if (isLittleEndian) bytesOf(output).set(part)
        else {
          const view = new DataView(part.buffer, part.byteOffset, part.length)
          for (let i = 0; i < output.length; i++) output[i] = view.getFloat32(4 * i, true)
        }
        if (!allFinite(output)) throw new MalformedUpdateError('float32: a value is not finite')
      }
    }
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
