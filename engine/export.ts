import type { ModelTopology } from './engine.js'
import { InvalidModelError } from './errors.js'
import { modelLayout, readTopology } from './topology.js'

/** The file beside `model.json` that holds the parameters: float32, little endian, in the order of the layout. */
export const weightsFile = 'weights.bin'

/**
 * `model.json` of a tfjs LayersModel, as `tf.loadLayersModel` reads it together with `weights.bin` beside it.
 *
 * @param metadata - what else a reader should know; tfjs keeps it as `userDefinedMetadata`
 * @throws InvalidModelError for batch normalisation, whose moving statistics are no parameters
 */
export function tfjsModelFile(topology: ModelTopology, metadata: object): object {
  const normalized = readTopology(topology).layers.find(({ class_name: name }) => name === 'BatchNormalization')
  if (normalized !== undefined) {
    const found = `layer "${String(normalized.config.name)}" keeps moving statistics that are no parameters`
    throw new InvalidModelError(`${found}; expected a model without batch normalisation. Use group normalisation.`)
  }
  const weights = modelLayout(topology).tensors.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }))
  return {
    format: 'layers-model',
    generatedBy: 'murmuration',
    convertedBy: null,
    modelTopology: topology,
    weightsManifest: [{ paths: [weightsFile], weights }],
    userDefinedMetadata: metadata
  }
}

/** The content of `weights.bin`. */
export function tfjsWeights(parameters: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 * parameters.length)
  const view = new DataView(bytes.buffer)
  parameters.forEach((value, i) => view.setFloat32(4 * i, value, true))
  return bytes
}
