/** An IDX file of unsigned bytes. */
export function idxBytes(shape: readonly number[], values: readonly number[]): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length)
  header.writeUInt32BE(0x0800 + shape.length)
  shape.forEach((side, i) => header.writeUInt32BE(side, 4 + 4 * i))
  return Buffer.concat([header, Uint8Array.from(values)])
}
