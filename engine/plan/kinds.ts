import { batchNormalization } from './batch-normalization.js'
import { add, concatenate } from './merging.js'
import { convolution } from './convolution.js'
import { dense } from './dense.js'
import { depthwise } from './depthwise.js'
import { dropout } from './dropout.js'
import { embedding } from './embedding.js'
import { groupNormalization } from './group-normalization.js'
import { gru } from './gru.js'
import type { LayerKind } from './layer-kind.js'
import { layerNormalization } from './layer-normalization.js'
import { lstm } from './lstm.js'
import { averagePooling, globalAveragePooling, globalMaxPooling, maxPooling } from './pooling.js'
import { separable } from './separable.js'
import { zeroPadding } from './zero-padding.js'

const KINDS: Readonly<Record<string, LayerKind>> = {
  Dense: dense,
  Conv1D: convolution,
  Conv2D: convolution,
  DepthwiseConv2D: depthwise,
  SeparableConv2D: separable,
  ZeroPadding2D: zeroPadding,
  MaxPooling1D: maxPooling,
  MaxPooling2D: maxPooling,
  AveragePooling1D: averagePooling,
  AveragePooling2D: averagePooling,
  GlobalMaxPooling1D: globalMaxPooling,
  GlobalMaxPooling2D: globalMaxPooling,
  GlobalAveragePooling1D: globalAveragePooling,
  GlobalAveragePooling2D: globalAveragePooling,
  BatchNormalization: batchNormalization,
  GroupNormalization: groupNormalization,
  LayerNormalization: layerNormalization,
  Dropout: dropout,
  Embedding: embedding,
  GRU: gru,
  LSTM: lstm,
  Add: add,
  Concatenate: concatenate
}

/** @returns undefined for a layer that computes nothing of its own, or that the plan does not know */
export function kindOf(className: string): LayerKind | undefined {
  return Object.hasOwn(KINDS, className) ? KINDS[className] : undefined
}
