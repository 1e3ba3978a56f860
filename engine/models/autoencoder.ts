import type { LayerList } from './layer-configs.js'
import { addFlatten } from './mlp.js'
import { normalizationOf } from './options.js'

/** Units of the hidden layers: narrow in the middle, so that only what is usual can pass. */
const UNITS: readonly number[] = [128, 128, 128, 128, 8, 128, 128, 128, 128]

/**
 * Anomaly detection: gives its own input back, the better the more usual it is. Train it with the mean squared error to the input
 * (`target: 'input'`).
 *
 * 640 inputs and outputs (five frames of 128 mel bands): 267,928 parameters; the reference counts 269,992 with the moving
 * statistics of its batch normalisation, which `autoencoder:batch` keeps.
 *
 * Source: Koizumi et al., "Description and Discussion on DCASE2020 Challenge Task 2", DCASE 2020; in the size of Banbury et al.,
 * "MLPerf Tiny Benchmark", 2021.
 */
export function addAutoencoder(list: LayerList, inputShape: readonly number[], option: string | undefined): void {
  const normalization = normalizationOf('autoencoder', option)
  addFlatten(list, inputShape)
  for (const units of UNITS) list.normalizedDense(units, normalization)
}
