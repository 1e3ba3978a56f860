import type { Schema } from '../../data/index.js'
import type { PredictingNode } from './part.js'
import { imageInput } from './tf-serving.js'

interface TensorInfo {
  readonly dtype: 'DT_FLOAT' | 'DT_STRING'
  readonly tensor_shape: { readonly dim: readonly { readonly size: string; readonly name: string }[] }
}

/** TensorFlow Serving's `GetModelStatus`. A node serves one version: the model as it is now. */
export function modelStatus(node: PredictingNode): object {
  const { model } = node.status()
  const status = { error_code: 'OK', error_message: '' }
  return {
    model_version_status: [{ version: String(model.version), state: 'AVAILABLE', status }],
    round: model.round,
    origin: model.origin
  }
}

/**
 * TensorFlow Serving's `GetModelMetadata`: inputs and outputs of the model by name, -1 standing for the number of examples;
 * and, beyond it, classes and columns in full.
 */
export function describeModel(node: PredictingNode): object {
  const { name, schema } = node.task
  const { model } = node.status()
  const inputs = inputsOf(schema)
  const signature = (outputs: object) => ({ inputs, outputs, method_name: 'tensorflow/serving/predict' })
  return {
    model_spec: { name, signature_name: '', version: String(model.version) },
    metadata: {
      signature_def: {
        signature_def: { serving_default: signature(namedOutputs(schema)), raw: signature(rawOutputs(schema)) }
      }
    },
    schema,
    model
  }
}

function inputsOf(schema: Schema): Record<string, TensorInfo> {
  if (schema.kind === 'image') return { [imageInput]: tensor('DT_FLOAT', schema.imageShape) }
  return Object.fromEntries(
    schema.columns.map(({ name, kind }) => [name, tensor(kind === 'number' ? 'DT_FLOAT' : 'DT_STRING', [])])
  )
}

function namedOutputs({ label }: Schema): Record<string, TensorInfo> {
  if (label.kind === 'number') return { value: tensor('DT_FLOAT', []) }
  return { label: tensor('DT_STRING', []), probabilities: tensor('DT_FLOAT', [label.classes.length]) }
}

function rawOutputs({ label }: Schema): Record<string, TensorInfo> {
  return { output: tensor('DT_FLOAT', label.kind === 'number' ? [] : [label.classes.length]) }
}

function tensor(dtype: TensorInfo['dtype'], shape: readonly number[]): TensorInfo {
  return { dtype, tensor_shape: { dim: [-1, ...shape].map(size => ({ size: String(size), name: '' })) } }
}
