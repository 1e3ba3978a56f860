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
  readonly multiplyRegisters: (values: Address, turns: number) => number
  readonly columnSums: (matrix: Address, rows: number, columns: number, sums: Address) => void
  readonly cutColumnSums: (gradient: Address, activation: Address, rows: number, columns: number, sums: Address) => void
  readonly relu: (values: Address, length: number) => void
  readonly reluGradient: (gradient: Address, activation: Address, length: number) => void
  readonly sigmoid: (values: Address, length: number) => void
  readonly sigmoidGradient: (gradient: Address, y: Address, length: number) => void
  readonly tanh: (values: Address, length: number) => void
  readonly tanhGradient: (gradient: Address, y: Address, length: number) => void
  readonly copy: (source: Address, target: Address, length: number) => void
  /** @returns 1 or 0 */
  readonly allFinite: (values: Address, length: number) => number
  readonly addInto: (source: Address, target: Address, length: number) => void
  readonly copyRows: (
    source: Address,
    sourcePitch: number,
    target: Address,
    targetPitch: number,
    width: number,
    count: number
  ) => void
  readonly scaleBytes: (source: Address, target: Address, length: number, factor: number) => void
  readonly swapAxes: (source: Address, first: number, second: number, width: number, target: Address) => void
  readonly repeatValues: (source: Address, length: number, times: number, target: Address) => void
  readonly sumRepeated: (source: Address, length: number, times: number, target: Address) => void
  readonly squaredNorm: (x: Address, length: number) => number
  readonly scale: (x: Address, factor: number, length: number) => void
  readonly addScaled: (x: Address, factor: number, y: Address, length: number) => void
  readonly clip: (x: Address, most: number, length: number) => void
  readonly dropout: (
    source: Address,
    target: Address,
    length: number,
    key: number,
    first: number,
    threshold: number,
    scale: number
  ) => void
  readonly embed: (ids: Address, count: number, table: Address, words: number, width: number, y: Address) => void
  readonly embedGradient: (
    ids: Address,
    count: number,
    yGradient: Address,
    words: number,
    width: number,
    tableGradient: Address
  ) => void
  readonly gruGates: (zr: Address, state: Address, reset: Address, rows: number, units: number, hard: boolean) => void
  readonly gruState: (
    zr: Address,
    candidate: Address,
    state: Address,
    next: Address,
    rows: number,
    units: number
  ) => void
  readonly gruStateGradient: (
    gradient: Address,
    zr: Address,
    candidate: Address,
    state: Address,
    zrGradient: Address,
    candidateGradient: Address,
    rows: number,
    units: number,
    hard: boolean
  ) => void
  readonly gruGatesGradient: (
    resetGradient: Address,
    zr: Address,
    state: Address,
    zrGradient: Address,
    stateGradient: Address,
    rows: number,
    units: number,
    hard: boolean
  ) => void
  readonly lstmState: (
    gates: Address,
    before: Address,
    cell: Address,
    squashed: Address,
    state: Address,
    rows: number,
    units: number,
    hard: boolean
  ) => void
  readonly lstmStateGradient: (
    gradient: Address,
    cellGradient: Address,
    gates: Address,
    before: Address,
    squashed: Address,
    gatesGradient: Address,
    rows: number,
    units: number,
    hard: boolean
  ) => void
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
  readonly convolveGradients: (
    window: Address,
    rows: number,
    x: Address,
    yGradient: Address,
    filter: Address,
    filterGradient: Address,
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
    activation: Address,
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
  readonly nesterov: (
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
