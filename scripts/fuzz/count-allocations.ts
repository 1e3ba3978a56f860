// Import it before what is watched: it takes the place of the classes that hold numbers.

let bytes = 0

/** @returns the bytes of all typed arrays that were made, views of others left out, since it was last asked */
export function takeAllocated(): number {
  const taken = bytes
  bytes = 0
  return taken
}

type TypedArrayClass = new (...args: unknown[]) => { readonly byteLength: number }

const classes = globalThis as unknown as Record<string, TypedArrayClass>
for (const name of ['Uint8Array', 'Uint16Array', 'Uint32Array', 'Float32Array', 'Float64Array']) {
  classes[name] = class extends classes[name] {
    constructor(...args: unknown[]) {
      super(...args)
      if (!(args[0] instanceof ArrayBuffer)) bytes += this.byteLength
    }
  }
}
