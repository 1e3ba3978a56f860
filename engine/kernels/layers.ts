/** sums[j] = sum over rows of matrix[i][j] */
export function columnSums(matrix: usize, rows: i32, columns: i32, sums: usize): void {
  memory.fill(sums, 0, <usize>columns << 2)
  for (let i = 0; i < rows; i++) {
    let j = 0
    for (; j + 4 <= columns; j += 4) {
      const target = sums + (<usize>j << 2)
      v128.store(target, f32x4.add(v128.load(target), v128.load(matrix)))
      matrix += 16
    }
    for (; j < columns; j++) {
      const target = sums + (<usize>j << 2)
      store<f32>(target, load<f32>(target) + load<f32>(matrix))
      matrix += 4
    }
  }
}

/** Set the gradient to zero wherever the activation is zero. Reads and writes up to three floats past the end. */
export function reluGradient(gradient: usize, activation: usize, length: i32): void {
  const zero = f32x4.splat(0)
  const end = gradient + (<usize>length << 2)
  for (; gradient < end; gradient += 16, activation += 16) {
    const passes = f32x4.gt(v128.load(activation), zero)
    v128.store(gradient, v128.and(v128.load(gradient), passes))
  }
}
