import type { LayerList } from './layer-configs.js'
import { shapeError } from './options.js'

/** What a GRU's recurrent kernel is usually drawn from. */
const ORTHOGONAL = { class_name: 'Orthogonal', config: { gain: 1, seed: null } }

/**
 * Sensor windows: a GRU of 32 units, its last state to the output.
 *
 * 128 steps x 9 channels, 6 classes: 4,230 parameters; the input is that of Anguita et al., "A Public Domain Dataset for Human
 * Activity Recognition Using Smartphones", ESANN 2013.
 *
 * Source of the layer: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine
 * Translation", EMNLP 2014.
 *
 * @throws InvalidModelError when the input is not steps x channels
 */
export function addGru(list: LayerList, inputShape: readonly number[]): void {
  if (inputShape.length !== 2) throw shapeError('gru', 'steps x channels', inputShape)
  list.add('GRU', {
    units: 32,
    activation: 'tanh',
    recurrent_activation: 'sigmoid',
    kernel_initializer: { class_name: 'GlorotUniform', config: {} },
    recurrent_initializer: ORTHOGONAL,
    bias_initializer: { class_name: 'Zeros', config: {} }
  })
}
