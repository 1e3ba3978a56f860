import { EventEmitter } from 'node:events'
import { request } from 'node:http'
import { encodeExamples, type Prediction, type Schema } from '../../data/index.js'
import type { HttpOptions } from '../../node/http/server.js'
import { serveHttp } from '../../node/http/server.js'
import type { ServedNode } from '../../node/http/part.js'
import type { Answer as NodeAnswer, NodeStatus } from '../../node/index.js'
import type { Task } from '../../protocols/index.js'

export const flowers: Schema = {
  kind: 'table',
  inputShape: [3],
  columns: [
    { name: 'length', kind: 'number' },
    { name: 'colour', kind: 'category', categories: ['red', 'blue'] }
  ],
  standardise: 'none',
  label: { kind: 'class', name: 'species', classes: ['rose', '2', 'iris'] }
}

export const prices: Schema = {
  kind: 'table',
  inputShape: [1],
  columns: [{ name: 'rooms', kind: 'number' }],
  standardise: 'none',
  label: { kind: 'number', name: 'price', scaling: { mean: 0, deviation: 1 } }
}

export const tinyImages: Schema = {
  kind: 'image',
  inputShape: [4],
  imageShape: [2, 2, 1],
  label: { kind: 'class', name: 'label', classes: ['0', '1'] }
}

/** A node without network or training: it checks examples as a real one does, and answers something that depends on them. */
export class StubNode extends EventEmitter implements Record<keyof ServedNode, unknown> {
  readonly task: Task
  /** What `predict` was last asked. */
  asked: readonly unknown[] = []
  /** Thrown by `predict` instead of an answer. */
  failure: Error | undefined
  round = 7
  paused = false
  /** Over what `status` says otherwise. */
  state: Partial<NodeStatus> = {}

  constructor(readonly schema: Schema) {
    super()
    this.task = { name: 'tulips', schema } as Task
  }

  async predict(examples: readonly unknown[]): Promise<NodeAnswer> {
    if (this.failure !== undefined) throw this.failure
    this.asked = examples
    const features = encodeExamples(examples, this.schema)
    const { label, inputShape } = this.schema
    const predictions = examples.map((_, row): Prediction => {
      const value = features[row * inputShape[0]]
      if (label.kind === 'number') return { kind: 'number', value }
      const [first, ...others] = label.classes
      const rest = others.map(name => [name, 0.25 / others.length] as const)
      return { kind: 'class', label: first, probabilities: Object.fromEntries([[first, 0.75], ...rest]) }
    })
    return { predictions, round: this.round, version: 3, node: 'me' }
  }

  get localSchema(): Schema {
    return this.schema
  }

  get parameters(): Float32Array {
    return Float32Array.of(1, 2, 3, 4)
  }

  status(): NodeStatus {
    const model = {
      parameters: 4,
      layoutHash: 'ab',
      backend: 'plan',
      round: this.round,
      version: 3,
      origin: 'learned'
    } as const
    const { paused } = this
    return { model, round: this.round + 1, phase: paused ? 'paused' : 'training', paused, ...this.state } as NodeStatus
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  async stop(): Promise<void> {}

  peers(): [] {
    return []
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  readonly json: unknown
}

export interface Question {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Serve a stub on any free port while `use` runs. `ask` sends what it is told, as no browser would let a page do. */
export async function withServer<T>(
  node: StubNode,
  options: Partial<HttpOptions>,
  use: (ask: (path: string, question?: Question) => Promise<Answer>, url: URL) => Promise<T>
): Promise<T> {
  const log = { error() {}, warn() {}, info() {}, debug() {} }
  const server = await serveHttp(node as unknown as ServedNode, { port: 0, log, ...options })
  const url = new URL(server.url)
  try {
    return await use((path, question) => send(url, path, question), url)
  } finally {
    await server.close()
  }
}

function send({ hostname, port }: URL, path: string, { method, headers, body }: Question = {}): Promise<Answer> {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const type = text === undefined ? {} : { 'content-type': 'application/json' }
    const asking = request(
      {
        hostname,
        port,
        path,
        method: method ?? (text === undefined ? 'GET' : 'POST'),
        headers: { ...type, ...headers }
      },
      answer => {
        let received = ''
        answer.setEncoding('utf8').on('data', (part: string) => (received += part))
        answer.on('error', reject)
        answer.on('end', () => {
          const isJson = answer.headers['content-type']?.startsWith('application/json') === true
          const json: unknown = isJson ? JSON.parse(received) : undefined
          resolve({ status: answer.statusCode!, headers: answer.headers, body: received, json })
        })
      }
    )
    asking.on('error', reject)
    asking.end(text)
  })
}
