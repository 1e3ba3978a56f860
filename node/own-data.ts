import { loadData, type LoadedData, type LoadOptions } from '../data/index.js'
import { createRng } from '../learning/rng.js'

/** Load what this device learns from, as `loadData` does. The same rows are held out whenever it starts again. */
export function loadOwnData(path: string, options: Omit<LoadOptions, 'rng'>): LoadedData {
  return loadData(path, { ...options, rng: createRng('held-out rows') })
}
