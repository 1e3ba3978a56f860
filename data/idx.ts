import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { sharedBytes } from './dataset.js'
import { InvalidDataError, InvalidParametersError } from './errors.js'

/** No more than this is ever held of a file. */
const MAX_BYTES = 2 ** 31 - 1
const UNSIGNED_BYTE = 0x08

/** An IDX file of unsigned bytes, open for reading. */
export interface IdxFile {
  /** [rows, ...shape of a row] */
  readonly shape: readonly number[]
  /**
   * Read only these rows, in the order given, into a shared buffer; all when left out.
   *
   * @throws InvalidParametersError when there is no such row
   */
  readRows(rows?: readonly number[]): Uint8Array
}

/**
 * Open an IDX file, hand it to `use` and close it. One compressed with gzip (`.gz`) is unpacked as a whole.
 *
 * @param dimensions - what the file may have, rows included: [1] for labels, [2, 3, 4] for images
 * @throws InvalidDataError when the file cannot be read, has another type or number of dimensions, or another length
 * than its header says
 *
 * Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", 1998 (the IDX file format).
 */
export function useIdx<T>(path: string, dimensions: readonly number[], use: (file: IdxFile) => T): T {
  const bytes = path.endsWith('.gz') ? packedBytes(path) : fileBytes(path)
  try {
    const shape = readHeader(path, bytes, dimensions)
    return use({
      shape,
      readRows: rows => (rows === undefined ? readAll(bytes, shape) : readRows(path, bytes, shape, rows))
    })
  } finally {
    bytes.close()
  }
}

/** Bytes at any position. */
interface Bytes {
  readonly length: number
  /** Fill `output`, changing it, or throw. */
  read(output: Uint8Array, position: number): void
  close(): void
}

function fileBytes(path: string): Bytes {
  const file = openOrExplain(path, () => openSync(path, 'r'))
  return {
    length: fstatSync(file).size,
    read(output, position) {
      for (let done = 0; done < output.length;) {
        const read = readSync(file, output, done, output.length - done, position + done)
        if (read === 0) throw new InvalidDataError(path, 'the file became shorter while it was read. Try again.')
        done += read
      }
    },
    close: () => closeSync(file)
  }
}

function packedBytes(path: string): Bytes {
  const content = openOrExplain(path, () => gunzipSync(readFileSync(path), { maxOutputLength: MAX_BYTES }))
  return {
    length: content.length,
    read: (output, position) => output.set(content.subarray(position, position + output.length)),
    close: () => {}
  }
}

function openOrExplain<T>(path: string, open: () => T): T {
  try {
    return open()
  } catch (cause) {
    const problem = 'the file cannot be read or unpacked; expected an IDX file. Check the path, or fetch it again.'
    throw new InvalidDataError(path, problem, { cause })
  }
}

function readHeader(path: string, bytes: Bytes, dimensions: readonly number[]): number[] {
  const magics = dimensions.map(n => hex(UNSIGNED_BYTE * 256 + n))
  if (bytes.length < 4) throw cutShort(path, bytes.length, `at least ${4 + 4 * Math.min(...dimensions)}`)
  const magic = readUint32(bytes, 0)
  if (!magics.includes(hex(magic))) {
    const problem =
      `magic number ${hex(magic)}; expected ${magics.join(' or ')}. Check that this is an IDX file of ` +
      'unsigned bytes.'
    throw new InvalidDataError(path, problem)
  }
  const count = magic & 0xff
  const header = 4 + 4 * count
  if (bytes.length < header) throw cutShort(path, bytes.length, `at least ${header}`)
  const shape = Array.from({ length: count }, (_, i) => readUint32(bytes, 4 + 4 * i))
  const expected = shape.reduce((product, side) => product * side, 1)
  if (expected === 0 || expected > MAX_BYTES) {
    const problem =
      `the header claims ${shape.join(' x ')} bytes; expected between 1 and ${MAX_BYTES}. ` + 'Fetch the file again.'
    throw new InvalidDataError(path, problem)
  }
  if (bytes.length !== header + expected) throw cutShort(path, bytes.length, String(header + expected))
  return shape
}

function readAll(bytes: Bytes, shape: readonly number[]): Uint8Array {
  const header = 4 + 4 * shape.length
  const output = sharedBytes(bytes.length - header)
  bytes.read(output, header)
  return output
}

function readRows(path: string, bytes: Bytes, shape: readonly number[], rows: readonly number[]): Uint8Array {
  const outside = rows.find(row => !(Number.isInteger(row) && row >= 0 && row < shape[0]))
  if (outside !== undefined) {
    throw new InvalidParametersError(`row ${outside} of ${path} does not exist; expected one below ${shape[0]}.`)
  }
  const size = shape.slice(1).reduce((product, side) => product * side, 1)
  const header = 4 + 4 * shape.length
  const output = sharedBytes(rows.length * size)
  for (let start = 0, end = 0; start < rows.length; start = end) {
    // Neighbouring rows are read at once.
    for (end = start + 1; end < rows.length && rows[end] === rows[end - 1] + 1;) end++
    bytes.read(output.subarray(start * size, end * size), header + rows[start] * size)
  }
  return output
}

function readUint32(bytes: Bytes, position: number): number {
  const word = Buffer.alloc(4)
  bytes.read(word, position)
  return word.readUInt32BE()
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}

function cutShort(path: string, actual: number, expected: string): InvalidDataError {
  return new InvalidDataError(path, `${actual} bytes; expected ${expected} by its header. Fetch the file again.`)
}
