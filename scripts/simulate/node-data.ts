import { loadData, type DataSplit, type Dataset } from '../../data/index.js'
import { elementCount } from '../../learning/parameters.js'
import { loadOptions, type SwarmPlan } from '../swarm/config.js'

/**
 * The rows of each node, as its own process would read them. Where a row does not depend on whose it is, all are read once
 * and the nodes share the memory.
 */
export function readNodeData({ task, data, rows }: SwarmPlan): DataSplit[] {
  const { schema } = task
  // A stream of randomness of its own for each reader, or they would hold out different rows.
  const read = (trainRows: readonly number[]): DataSplit =>
    loadData(data.path, { ...loadOptions(data), schema, trainRows }).split
  if (schema.kind === 'table' && schema.standardise === 'local') {
    return rows.map(read)
  }
  const { train, test } = read(rows.flat())
  let start = 0
  return rows.map(({ length }) => {
    const part = rowsOf(train, start, length)
    start += length
    return { train: part, test }
  })
}

/** Some rows, one after another, as views. */
function rowsOf(data: Dataset, start: number, rows: number): Dataset {
  const width = elementCount(data.inputShape)
  return {
    ...data,
    rows,
    features: data.features.subarray(start * width, (start + rows) * width),
    labels: data.labels.subarray(start, start + rows)
  }
}
