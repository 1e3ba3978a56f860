/** Copy to the beginning of `target`, changing it. */
export function copyInto<A extends Float64Array | Int32Array>(target: A, source: A): A {
  target.set(source)
  return target
}
