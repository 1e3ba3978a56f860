import type { ModelTopology } from './engine.js'
import { InvalidModelError } from './errors.js'
import type { LayerConfig } from './layers.js'

/** A layer and the layers that it takes its inputs from. */
export interface GraphLayer extends LayerConfig {
  /** Where they stand in the list, each before this one; none for a layer that takes the model's input. */
  readonly inputs: readonly number[]
}

/** Class names under which tfjs and Keras save a functional model. */
const FUNCTIONAL: readonly string[] = ['Functional', 'Model']

/**
 * The layers of a model with one input and one output, each after those that it takes its inputs from; the last one gives
 * the output.
 *
 * @param topology - as tfjs's `model.toJSON(null, false)` gives it, or Keras's saved form (under `model_config`)
 * @throws InvalidModelError when it is neither a sequential nor such a functional model
 */
export function readLayers(topology: ModelTopology): GraphLayer[] {
  const model = isRecord(topology.model_config) ? topology.model_config : topology
  if (typeof model.class_name !== 'string') {
    throw new InvalidModelError('the topology has no "class_name"; expected a tfjs LayersModel')
  }
  const functional = FUNCTIONAL.includes(model.class_name)
  if (!functional && model.class_name !== 'Sequential') {
    const expected = 'expected a "Sequential", "Functional" or "Model"'
    throw new InvalidModelError(`the model is a "${model.class_name}"; ${expected}`)
  }
  const layers = isRecord(model.config) ? model.config.layers : model.config
  if (!Array.isArray(layers) || layers.length === 0 || !layers.every(isLayer)) {
    throw new InvalidModelError('the topology has no list of layers; expected "config": {"layers": [...]}')
  }
  if (!functional) return layers.map((layer, i) => ({ ...layer, inputs: i === 0 ? [] : [i - 1] }))
  return sorted(layers, model.config as Record<string, unknown>)
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isLayer(value: unknown): value is LayerConfig {
  return isRecord(value) && typeof value.class_name === 'string' && isRecord(value.config)
}

/** Put every layer after its inputs, the order left alone where it may be. */
function sorted(layers: readonly LayerConfig[], config: Record<string, unknown>): GraphLayer[] {
  const byName = new Map(layers.map(layer => [nameOf(layer), layer]))
  if (byName.size !== layers.length) throw new InvalidModelError('two layers have one name; expected a name each')
  checkEnds(layers, config)
  const places = new Map<string, number>()
  const result: GraphLayer[] = []
  let waiting = layers.map(layer => ({ layer, sources: sourcesOf(layer) }))
  while (waiting.length > 0) {
    const later: typeof waiting = []
    for (const each of waiting) {
      const inputs = each.sources.map(name => places.get(name))
      if (!inputs.every(place => place !== undefined)) later.push(each)
      else {
        places.set(nameOf(each.layer), result.length)
        result.push({ class_name: each.layer.class_name, config: each.layer.config, inputs })
      }
    }
    if (later.length === waiting.length) {
      const missing = later[0].sources.find(name => !byName.has(name))
      const why = missing === undefined ? 'waits for itself' : `takes its input from "${missing}", which is no layer`
      throw new InvalidModelError(`layer "${nameOf(later[0].layer)}" ${why}; expected layers that follow each other`)
    }
    waiting = later
  }
  checkUsed(result, String((config.output_layers as unknown[]).flat(1)[0]))
  return result
}

/** The names of the layers that one takes its inputs from. */
function sourcesOf(layer: LayerConfig): string[] {
  const { inbound_nodes: nodes = [] } = layer as { inbound_nodes?: unknown }
  const name = nameOf(layer)
  if (!Array.isArray(nodes) || nodes.length > 1) {
    throw new InvalidModelError(`layer "${name}" is used more than once; expected layers that share no parameters`)
  }
  const [sources = []] = nodes as unknown[]
  if (!Array.isArray(sources) || !sources.every(source => Array.isArray(source) && typeof source[0] === 'string')) {
    throw new InvalidModelError(`layer "${name}" has other "inbound_nodes" than tfjs and Keras 2 write`)
  }
  return sources.map(source => (source as [string])[0])
}

function checkEnds(layers: readonly LayerConfig[], config: Record<string, unknown>): void {
  const inputs = layers.filter(({ class_name: kind }) => kind === 'InputLayer').length
  const { output_layers: outputs } = config
  // One output is written as [name, node, tensor] or as a list of one such.
  const count = Array.isArray(outputs) ? outputs.filter(each => typeof each !== 'number').length : 0
  if (inputs !== 1 || count !== 1) {
    throw new InvalidModelError(`the model has ${inputs} inputs and ${count} outputs; expected one of each`)
  }
}

/** Every layer but the output feeds another: what does not would have parameters that nothing trains. */
function checkUsed(layers: readonly GraphLayer[], output: string): void {
  const used = new Set(layers.flatMap(({ inputs }) => inputs))
  const idle = layers.find((layer, i) => !used.has(i) !== (nameOf(layer) === output))
  if (idle !== undefined) {
    throw new InvalidModelError(`layer "${nameOf(idle)}" does not end in the output; expected that all layers do`)
  }
  const source = layers.find(({ class_name: kind, inputs }) => inputs.length === 0 && kind !== 'InputLayer')
  if (source !== undefined) throw new InvalidModelError(`layer "${nameOf(source)}" has no input; expected one`)
}

function nameOf(layer: LayerConfig): string {
  return String((layer as { name?: unknown }).name ?? layer.config.name)
}
