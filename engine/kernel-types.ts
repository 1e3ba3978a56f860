/** An address in kernel memory, in bytes. */
export type Address = number

/** What `kernels/` exports. Addresses, strides and lengths as the doc comments there say. */
export interface Kernels {
  readonly gemm: (
    m: number,
    n: number,
    k: number,
    a: Address,
    aRow: number,
    aColumn: number,
    b: Address,
    bRow: number,
    bColumn: number,
    c: Address,
    bias: Address,
    relu: boolean,
    accumulate: boolean,
    scratch: Address
  ) => void
  readonly multiplyRegisters: (turns: number) => number
  readonly columnSums: (matrix: Address, rows: number, columns: number, sums: Address) => void
  readonly relu: (values: Address, length: number) => void
  readonly reluGradient: (gradient: Address, activation: Address, length: number) => void
  readonly convolve: (
    window: Address,
    rows: number,
    x: Address,
    filter: Address,
    bias: Address,
    y: Address,
    relu: boolean,
    scratch: Address
  ) => void
  readonly convolveFilterGradient: (
    window: Address,
    rows: number,
    x: Address,
    yGradient: Address,
    filterGradient: Address,
    scratch: Address
  ) => void
  readonly convolveInputGradient: (
    window: Address,
    rows: number,
    yGradient: Address,
    filter: Address,
    xGradient: Address,
    scratch: Address
  ) => void
  readonly depthwise: (
    window: Address,
    rows: number,
    x: Address,
    filter: Address,
    bias: Address,
    y: Address,
    relu: boolean
  ) => void
  readonly depthwiseFilterGradient: (
    window: Address,
    rows: number,
    x: Address,
    yGradient: Address,
    filterGradient: Address
  ) => void
  readonly depthwiseInputGradient: (
    window: Address,
    rows: number,
    yGradient: Address,
    filter: Address,
    xGradient: Address
  ) => void
  readonly maxPool: (window: Address, rows: number, x: Address, y: Address, origins: Address) => void
  readonly maxPoolGradient: (
    rows: number,
    width: number,
    pooled: number,
    yGradient: Address,
    origins: Address,
    xGradient: Address
  ) => void
  readonly averagePool: (window: Address, rows: number, x: Address, y: Address) => void
  readonly averagePoolGradient: (window: Address, rows: number, yGradient: Address, xGradient: Address) => void
  readonly moments: (
    x: Address,
    blocks: number,
    positions: number,
    channels: number,
    groups: number,
    mean: Address,
    variance: Address
  ) => void
  readonly normalize: (
    x: Address,
    blocks: number,
    positions: number,
    channels: number,
    mean: Address,
    variance: Address,
    epsilon: number,
    gamma: Address,
    beta: Address,
    y: Address,
    relu: boolean,
    scratch: Address
  ) => void
  readonly normalizeGradient: (
    x: Address,
    yGradient: Address,
    blocks: number,
    positions: number,
    channels: number,
    groups: number,
    mean: Address,
    variance: Address,
    epsilon: number,
    gamma: Address,
    xGradient: Address,
    gammaGradient: Address,
    betaGradient: Address,
    scratch: Address
  ) => void
  readonly sgd: (p: Address, g: Address, learningRate: number, length: number) => void
  readonly momentum: (
    p: Address,
    g: Address,
    v: Address,
    learningRate: number,
    momentum: number,
    length: number
  ) => void
  readonly adam: (
    p: Address,
    g: Address,
    m: Address,
    v: Address,
    learningRate: number,
    beta1: number,
    beta2: number,
    take1: number,
    take2: number,
    epsilon: number,
    correction1: number,
    correction2: number,
    length: number
  ) => void
}
