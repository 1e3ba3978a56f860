import { createHash } from 'node:crypto'

/** The first 16 hexadecimal digits of the SHA-256 of a model's float32 values: equal for models that are, bit for bit. */
export function parametersHash({ buffer, byteOffset, byteLength }: Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex')
    .slice(0, 16)
}
