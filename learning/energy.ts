import { InvalidParametersError } from './errors.js'

/** What a device spends, in joules. */
export interface EnergyProfile {
  readonly joulesPerByteSent: number
  readonly joulesPerByteReceived: number
  /** Each time that the radio wakes. */
  readonly joulesPerWake: number
  /** One multiply-accumulate. */
  readonly joulesPerOperation: number
}

/** int8 on a microcontroller: 206 to 685 pJ, MLPerf Tiny v1.2. */
const microcontrollerOperation = 400e-12

/** Orders of magnitude, by radio. */
export const energyProfiles: Readonly<Record<'ble' | 'wifi' | 'lte', EnergyProfile>> = {
  ble: profile(0.25e-6, 0.25e-6, 0),
  wifi: profile(2.3e-6, 1.1e-6, 0),
  lte: profile(3.5e-6, 3.5e-6, 12)
}

export const energyProfileNames = Object.keys(energyProfiles) as (keyof typeof energyProfiles)[]

/** What a node has done; `wakes` counts how often its radio was used after a pause. */
export interface Effort {
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly wakes: number
  /** Multiply-accumulates; see `trainingOperations`. */
  readonly operations: number
}

/** What the effort took, in joules. */
export interface EnergySpent {
  readonly computing: number
  readonly radio: number
  readonly wakes: number
}

/** E = operations + bytes + wakes, each times its price. */
export function energySpent(effort: Effort, prices: EnergyProfile): EnergySpent {
  const { bytesSent, bytesReceived, wakes, operations } = effort
  return {
    computing: operations * prices.joulesPerOperation,
    radio: bytesSent * prices.joulesPerByteSent + bytesReceived * prices.joulesPerByteReceived,
    wakes: wakes * prices.joulesPerWake
  }
}

export function joules({ computing, radio, wakes }: EnergySpent): number {
  return computing + radio + wakes
}

/**
 * Multiply-accumulates of local steps of a dense model: one for each parameter and row forward, and about twice that back.
 * For a convolution, which uses a parameter many times, it is a lower bound.
 *
 * @throws InvalidParametersError when a number is negative
 */
export function trainingOperations(parameters: number, rows: number): number {
  if (!(parameters >= 0 && rows >= 0)) {
    throw new InvalidParametersError(`${rows} rows through ${parameters} parameters: expected numbers of at least 0.`)
  }
  return 3 * parameters * rows
}

function profile(sent: number, received: number, wake: number): EnergyProfile {
  return {
    joulesPerByteSent: sent,
    joulesPerByteReceived: received,
    joulesPerWake: wake,
    joulesPerOperation: microcontrollerOperation
  }
}
