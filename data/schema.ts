/** Mean and standard deviation of one numeric column. `deviation` is above 0. */
export interface Scaling {
  readonly mean: number
  readonly deviation: number
}

/** A column that gives the model one input. */
export interface NumberColumn {
  readonly name: string
  readonly kind: 'number'
  /** What values are standardised with; without it they are taken as they are. */
  readonly scaling?: Scaling
}

/** A column that gives the model one input a category (one-hot). */
export interface CategoryColumn {
  readonly name: string
  readonly kind: 'category'
  /** In input order. A value that is none of them gives zeros. */
  readonly categories: readonly string[]
}

/** One column of a table that feeds the model. */
export type FeatureColumn = NumberColumn | CategoryColumn

/** How many inputs of the model a column takes. */
export function inputsOf(column: FeatureColumn): number {
  return column.kind === 'number' ? 1 : column.categories.length
}

/** What is predicted: one of some classes. */
export interface ClassLabel {
  readonly kind: 'class'
  readonly name: string
  /** The label of class i of the model's output. */
  readonly classes: readonly string[]
}

/** What is predicted: a number. */
export interface NumberLabel {
  readonly kind: 'number'
  readonly name: string
  /** Agreed in the task, because the shared model answers in these units. */
  readonly scaling: Scaling
}

export type Label = ClassLabel | NumberLabel

/** Which statistics standardise numeric features: each node's own, those that the task carries, or none. */
export type Standardise = 'local' | 'task' | 'none'

/** Rows of columns (CSV). */
export interface TableSchema {
  readonly kind: 'table'
  readonly inputShape: readonly number[]
  /** In file order, label left out. Number columns carry a `scaling` when, and only when, `standardise` is `task`. */
  readonly columns: readonly FeatureColumn[]
  readonly standardise: Standardise
  readonly label: Label
}

/** Bytes of `imageShape`, divided by 255 (IDX). */
export interface ImageSchema {
  readonly kind: 'image'
  /** What the model takes: `imageShape`, or its pixels in one row. */
  readonly inputShape: readonly number[]
  /** [height, width, channels]; [length] for files with one dimension a row. */
  readonly imageShape: readonly number[]
  readonly label: ClassLabel
}

/** What a task says about its data: enough for a newcomer to check and convert its own. Plain JSON. */
export type Schema = TableSchema | ImageSchema
