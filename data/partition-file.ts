import { readFileSync } from 'node:fs'
import { InvalidDataError } from './errors.js'
import { count } from './wording.js'

/**
 * Read `{ "nodes": [[indices of node 0], [indices of node 1], ...] }`. Further fields are ignored; a node may hold any
 * number of rows above 0.
 *
 * @param rows - how many rows the pool has
 * @throws InvalidDataError naming the field, as in `nodes[3][17]`
 */
export function readPartitionFile(path: string, nodes: number, rows: number): number[][] {
  const parts = nodesOf(readJson(path))
  if (!Array.isArray(parts)) throw fault(path, 'nodes', 'is no array; expected an array of row indices for every node.')
  if (parts.length !== nodes) {
    throw fault(path, 'nodes', `has ${count(parts.length, 'list')}; expected ${nodes}. Pass --nodes ${parts.length}.`)
  }
  const owners = new Map<number, string>()
  return parts.map((part: unknown, node) => {
    const field = `nodes[${node}]`
    if (!Array.isArray(part) || part.length === 0) {
      throw fault(path, field, 'holds no rows; expected an array of row indices.')
    }
    return part.map((row: unknown, i) => claim(path, row, `${field}[${i}]`, rows, owners))
  })
}

/** Note in `owners` which field holds the row, changing it. */
function claim(path: string, row: unknown, field: string, rows: number, owners: Map<number, string>): number {
  if (typeof row !== 'number' || !Number.isInteger(row) || row < 0 || row >= rows) {
    const problem = `is ${JSON.stringify(row)}; expected a row of the training data, 0 to ${rows - 1}.`
    throw fault(path, field, problem)
  }
  const owner = owners.get(row)
  if (owner !== undefined) throw fault(path, field, `is ${row}, as is ${owner}; expected every row once.`)
  owners.set(row, field)
  return row
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    const found = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : 'the file is no JSON'
    throw new InvalidDataError(path, `${found}; expected { "nodes": [[...], ...] }. Check the path.`, { cause })
  }
}

function nodesOf(content: unknown): unknown {
  return typeof content === 'object' && content !== null && 'nodes' in content ? content.nodes : undefined
}

function fault(path: string, field: string, problem: string): InvalidDataError {
  return new InvalidDataError(path, `${field} ${problem}`, { column: field })
}
