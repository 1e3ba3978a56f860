import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeExamples } from '../../../data/index.js'
import { flowers, prices, StubNode, tinyImages, withServer, type Answer } from '../../helpers/http.js'

const predictions = suite('predictions over HTTP')
const path = '/v1/models/tulips'
const rose = { kind: 'class', label: 'rose', probabilities: { rose: 0.75, '2': 0.125, iris: 0.125 } }
const version = { round: 7, model_version: '3', node: 'me' }

predictions('answer instances, as objects and as arrays', () =>
  withServer(new StubNode(flowers), {}, async ask => {
    const instances = [{ length: 1, colour: 'red' }, [2, 'blue']]
    const { status, json } = await ask(`${path}:predict`, { body: { instances } })
    assert.is(status, 200)
    assert.equal(json, { predictions: [rose, rose], ...version })
  })
)

predictions('answer inputs column by column', async () => {
  const node = new StubNode(flowers)
  await withServer(node, {}, async ask => {
    const inputs = { colour: ['red', 'blue'], length: [1, [2]] }
    const { json } = await ask(`${path}:predict`, { body: { inputs } })
    const probabilities = [0.75, 0.125, 0.125]
    assert.equal(json, {
      outputs: { label: ['rose', 'rose'], probabilities: [probabilities, probabilities] },
      ...version
    })
    assert.equal(node.asked, [
      [1, 'red'],
      [2, 'blue']
    ])
    const listed = await ask(`${path}:predict`, { body: { inputs: [[1, 'red']] } })
    assert.equal(listed.json, { outputs: { label: ['rose'], probabilities: [probabilities] }, ...version })
  })
  await withServer(new StubNode(prices), {}, async ask => {
    const { json } = await ask(`${path}:predict`, { body: { inputs: { rooms: [3, 4] } } })
    assert.equal(json, { outputs: [3, 4], ...version })
  })
})

predictions('answer the raw signature in plain arrays, classes in the order of the task', () =>
  withServer(new StubNode(flowers), {}, async ask => {
    const body = { signature_name: 'raw', instances: [[1, 'red']] }
    assert.equal((await ask(`${path}:predict`, { body })).json, { predictions: [[0.75, 0.125, 0.125]], ...version })
  })
)

predictions('take images flat, nested, named, as a column and as bytes', async () => {
  const node = new StubNode(tinyImages)
  await withServer(node, {}, async ask => {
    const nested = [[[0], [51]], [[102], [255]]] // prettier-ignore
    const bodies = [
      { instances: [[0, 51, 102, 255]] },
      { instances: [[[0, 51], [102, 255]]] }, // prettier-ignore
      { instances: [nested] },
      { instances: [{ image: nested }] },
      { inputs: [nested] },
      { inputs: { image: [nested] } },
      { instances: [{ b64: 'ADNm/w==' }] },
      { inputs: { image: [{ b64: 'ADNm/w==' }] } }
    ]
    for (const body of bodies) {
      const { status, body: answer } = await ask(`${path}:predict`, { body })
      assert.is(status, 200, `${JSON.stringify(body)}: ${answer}`)
      const pixels = [...encodeExamples(node.asked, tinyImages)]
      assert.equal(pixels, [...Float32Array.of(0, 0.2, 0.4, 1)], JSON.stringify(body))
    }
    const { status, body: answer } = await ask(`${path}:predict`, { body: { instances: [{ b64: 'ADNm' }] } })
    assert.is(status, 400)
    assert.match(answer, /3 pixels; expected an array of 4 pixels/)
  })
})

predictions('classify examples, with the context that they share', async () => {
  const node = new StubNode(flowers)
  await withServer(node, {}, async ask => {
    const body = { context: { colour: 'red' }, examples: [{ length: [1] }, { length: 2, colour: 'blue' }] }
    const { json } = await ask(`${path}:classify`, { body })
    const scores = [
      ['rose', 0.75],
      ['2', 0.125],
      ['iris', 0.125]
    ]
    assert.equal(json, { results: [scores, scores], ...version })
    assert.equal(node.asked, [
      { length: 1, colour: 'red' },
      { length: 2, colour: 'blue' }
    ])
    const wrong = await ask(`${path}:regress`, { body })
    assert.equal([wrong.status, wrong.json], [400, { error: 'path: this model gives classes; use :classify' }])
  })
})

predictions('regress examples', () =>
  withServer(new StubNode(prices), {}, async ask => {
    const { json } = await ask(`${path}:regress`, { body: { examples: [{ rooms: 3 }] } })
    assert.equal(json, { results: [3], ...version })
  })
)

predictions('tell status and metadata of the model', () =>
  withServer(new StubNode(flowers), {}, async ask => {
    const available = { version: '3', state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } }
    assert.equal((await ask(path)).json, { model_version_status: [available], round: 7, origin: 'learned' })
    const { json } = await ask(`${path}/metadata`)
    const { model_spec, metadata } = json as {
      model_spec: unknown
      metadata: { signature_def: { signature_def: Record<string, { inputs: unknown; outputs: unknown }> } }
    }
    assert.equal(model_spec, { name: 'tulips', signature_name: '', version: '3' })
    const shape = (...sizes: string[]) => ({ dim: sizes.map(size => ({ size, name: '' })) })
    const { serving_default, raw } = metadata.signature_def.signature_def
    assert.equal(serving_default.inputs, {
      length: { dtype: 'DT_FLOAT', tensor_shape: shape('-1') },
      colour: { dtype: 'DT_STRING', tensor_shape: shape('-1') }
    })
    assert.equal(raw.outputs, { output: { dtype: 'DT_FLOAT', tensor_shape: shape('-1', '3') } })
  })
)

/** What is sent, to which verb, and what is said of it. */
const wrong: readonly (readonly [body: unknown, verb: string, status: number, error: RegExp])[] = [
  [{}, 'predict', 400, /^body: expected one of "instances"/],
  [{ instances: [[1, 'red']], inputs: [[1, 'red']] }, 'predict', 400, /^body: expected one of/],
  [{ instances: 5 }, 'predict', 400, /^body\.instances: must be array/],
  [{ instances: [] }, 'predict', 400, /^body\.instances: must NOT have fewer than 1/],
  [{ instances: [[1, 'red']], more: 1 }, 'predict', 400, /^body: .*additional.*\("more"\)/],
  [{ signature_name: 'x', instances: [[1, 'red']] }, 'predict', 400, /^body\.signature_name: must be equal to one of/],
  [
    {
      instances: [
        [1, 'red'],
        ['far', 'red']
      ]
    },
    'predict',
    400,
    /^example 1: field "length" is "far"; expected a number/
  ],
  [{ instances: [{ colour: 'red' }] }, 'predict', 400, /^example 0: field "length" is missing/],
  [{ inputs: { length: [1, 2], colour: ['red'] } }, 'predict', 400, /^inputs: "colour" has 1 values; expected 2/],
  [{ inputs: { length: [1] } }, 'predict', 400, /^inputs: "colour" is missing/],
  [{ inputs: { length: 1, colour: 'red' } }, 'predict', 400, /^inputs: "length" is no list/],
  [{ examples: [1] }, 'classify', 400, /^body\.examples\.0: must be object/],
  ['{"instances": [', 'predict', 400, /^body: no JSON/],
  ['{"__proto__": {"instances": [1]}}', 'predict', 400, /^body: no JSON/],
  ['', 'predict', 400, /^body: empty/],
  [`{"instances": [${'1,'.repeat(5e6)}1]}`, 'predict', 413, /^body: too large/],
  [{ instances: [[1, 'red']] }, 'transmogrify', 404, /^path: no POST of model "tulips:transmogrify"; .* "tulips"$/]
]

predictions('say which field is at fault', () =>
  withServer(new StubNode(flowers), {}, async ask => {
    for (const [body, verb, status, error] of wrong) {
      const what = JSON.stringify(body).slice(0, 80)
      const answer = await ask(`${path}:${verb}`, { method: 'POST', body })
      assert.is(answer.status, status, `${what}: ${answer.body}`)
      assert.match(errorOf(answer), error, what)
    }
    const other = await ask('/v1/models/roses')
    assert.equal([other.status, errorOf(other)], [404, 'path: no GET of model "roses"; this node serves "tulips"'])
    const nowhere = await ask('/v2/../../etc/passwd')
    assert.equal([nowhere.status, errorOf(nowhere)], [404, 'path: no route GET /v2/../../etc/passwd'])
  })
)

predictions('take JSON under any content type, as curl and fetch send it', () =>
  withServer(new StubNode(flowers), {}, async ask => {
    for (const type of ['application/x-www-form-urlencoded', 'text/plain;charset=UTF-8', 'application/octet-stream']) {
      const headers = { 'content-type': type }
      const { status, body } = await ask(`${path}:predict`, { headers, body: { instances: [[1, 'red']] } })
      assert.is(status, 200, `${type}: ${body}`)
    }
  })
)

predictions('tell a fault of the node from one of the client, without its words', async () => {
  const node = new StubNode(flowers)
  await withServer(node, {}, async ask => {
    const body = { instances: [[1, 'red']] }
    node.failure = new Error('a secret of the machine')
    const bug = await ask(`${path}:predict`, { body })
    assert.equal([bug.status, errorOf(bug)], [500, 'internal error; the log of the node says more'])
    node.failure = Object.assign(new Error('the training worker ended with code 1'), { name: 'EngineError' })
    const gone = await ask(`${path}:predict`, { body })
    assert.equal([gone.status, errorOf(gone)], [503, 'the training worker ended with code 1'])
  })
})

function errorOf({ json }: Answer): string {
  return (json as { error: string }).error
}

predictions.run()
