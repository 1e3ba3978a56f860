import type { Rng } from '../../learning/rng.js'

/** A request that no server should accept, byte by byte, and what is wrong with it. */
export interface BadRequest {
  readonly kind: string
  readonly bytes: Buffer
}

export interface Target {
  /** `127.0.0.1:8080` */
  readonly host: string
  /** Of the model served. */
  readonly name: string
  /** Bytes that a body may have. */
  readonly maxBodyBytes: number
}

type Make = (rng: Rng, target: Target) => Buffer

const kinds: readonly (readonly [kind: string, share: number, make: Make])[] = [
  ['no JSON', 14, (rng, target) => predict(target, textOf(rng, rng.integer(300)))],
  [
    'JSON cut short',
    10,
    (rng, target) => predict(target, JSON.stringify({ instances: [jsonOf(rng, 4)] }).slice(0, -1))
  ],
  ['another shape', 24, (rng, target) => predict(target, JSON.stringify(bodyOf(rng)), verbOf(rng))],
  ['deep nesting', 2, (rng, target) => predict(target, `{"instances":${'['.repeat(1 + rng.integer(20_000))}`)],
  ['a huge body', 0.3, (_, target) => predict(target, `{"instances":[${'1,'.repeat(target.maxBodyBytes / 2)}1]}`)],
  [
    'a slow body',
    1,
    (rng, { host, name }) => raw('POST', `/v1/models/${name}:predict`, host, ['content-length: 5000'], textOf(rng, 20))
  ],
  ['a wrong path', 20, (rng, { host }) => raw(pick(rng, ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']), pathOf(rng), host)],
  ['another host', 6, (rng, { name }) => raw('GET', `/v1/models/${name}`, `${wordOf(rng)}.example`)],
  [
    'another origin',
    8,
    (rng, { host }) =>
      raw('POST', `/api/control/${pick(rng, ['pause', 'resume', 'stop'])}`, host, [
        `origin: ${pick(rng, ['null', `https://${wordOf(rng)}.example`, 'http://127.0.0.1:1'])}`,
        `authorization: Bearer ${wordOf(rng)}`
      ])
  ],
  ['a wrong verb', 6, (rng, target) => predict(target, JSON.stringify({ instances: [1] }), wordOf(rng))],
  ['no HTTP', 6, rng => Buffer.concat([bytesOf(rng, 1 + rng.integer(200)), Buffer.from('\r\n\r\n')])],
  [
    'a wrong length',
    3,
    (rng, { host, name }) =>
      raw(
        'POST',
        `/v1/models/${name}:predict`,
        host,
        [`content-length: ${pick(rng, ['-1', 'x', '1e3', '99999999999999999999'])}`],
        '{}'
      )
  ]
]

/** A kind at random, by its share, and a request of it. The same stream gives the same requests. */
export function badRequest(rng: Rng, target: Target): BadRequest {
  let left = rng.uniform() * kinds.reduce((sum, [, share]) => sum + share, 0)
  const [kind, , make] = kinds.find(([, share]) => (left -= share) < 0) ?? kinds[0]
  return { kind, bytes: make(rng, target) }
}

function predict(target: Target, body: string, verb = 'predict'): Buffer {
  const headers = ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`]
  return raw('POST', `/v1/models/${target.name}:${verb}`, target.host, headers, body)
}

function raw(method: string, path: string, host: string, headers: readonly string[] = [], body = ''): Buffer {
  const length =
    method === 'GET' || headers.some(header => header.startsWith('content-length')) ? [] : ['content-length: 0']
  const lines = [`${method} ${path} HTTP/1.1`, `host: ${host}`, 'connection: close', ...headers, ...length]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** Of about the right form, but never one that a model could answer. */
function bodyOf(rng: Rng): unknown {
  const value = jsonOf(rng, 3)
  return pick<() => unknown>(rng, [
    () => value,
    () => ({ instances: value, inputs: value }),
    () => ({ instances: typeof value === 'object' ? [[]] : value }),
    () => ({ instances: [{ [wordOf(rng)]: value }] }),
    () => ({ instances: [Array.from({ length: 5 + rng.integer(50) }, () => value)] }),
    () => ({ inputs: { [wordOf(rng)]: value } }),
    () => ({ instances: [[1, 2, 3, 4]], signature_name: wordOf(rng) }),
    () => ({ instances: [[1, 2, 3, 4]], [wordOf(rng)]: value }),
    () => ({ examples: [value, null] }),
    () => ({ examples: value, context: value, instances: value })
  ])()
}

function jsonOf(rng: Rng, depth: number): unknown {
  const leaves = [null, true, '', wordOf(rng), -1, 1e308, 'NaN', '__proto__']
  if (depth === 0 || rng.uniform() < 0.3) return pick(rng, leaves)
  const items = Array.from({ length: rng.integer(5) }, () => jsonOf(rng, depth - 1))
  return rng.uniform() < 0.5 ? items : Object.fromEntries(items.map(item => [wordOf(rng), item]))
}

function pathOf(rng: Rng): string {
  const tricks = ['..', '.', '%2e%2e', '..%2f', '%00', '%', '%zz', '%ff', '//', '\\', 'etc', 'passwd', ';', ':predict', 'v1', 'models', 'api', '__proto__', 'x'.repeat(rng.integer(3000))] // prettier-ignore
  return `/${Array.from({ length: 1 + rng.integer(8) }, () => pick(rng, tricks)).join('/')}`
}

function verbOf(rng: Rng): string {
  return pick(rng, ['predict', 'predict', 'classify', 'regress'])
}

function wordOf(rng: Rng): string {
  return `w${rng.uint32().toString(36)}`
}

function textOf(rng: Rng, length: number): string {
  return bytesOf(rng, length)
    .toString('latin1')
    .replace(/[^ -~]/g, '~')
}

function bytesOf(rng: Rng, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => rng.integer(256)))
}

function pick<T>(rng: Rng, values: readonly T[]): T {
  return values[rng.integer(values.length)]
}
