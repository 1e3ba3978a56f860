import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createRng } from '../../../learning/rng.js'
import { badRequest } from '../../../scripts/fuzz/http-requests.js'
import { faultOf, sendRaw } from '../../../scripts/fuzz/send-raw.js'
import { flowers, StubNode, withServer } from '../../helpers/http.js'
import { within } from '../../helpers/within.js'

const fuzz = suite('malformed requests over HTTP')
const requests = 500
const parallel = 8

fuzz(`are refused in words that name a field, ${requests} of them`, async () => {
  const node = new StubNode(flowers)
  await withServer(node, { token: 'secret', requestTimeoutMs: 300 }, async (ask, { host, hostname, port }) => {
    const rng = createRng('fuzz')
    const target = { host, name: node.task.name, maxBodyBytes: 8 * 1024 * 1024 }
    let sent = 0
    const client = async (): Promise<void> => {
      while (sent++ < requests) {
        const { kind, bytes } = badRequest(rng, target)
        const fault = faultOf(await sendRaw(hostname, Number(port), bytes))
        assert.is(fault, undefined, `${kind}: ${bytes.subarray(0, 300).toString('latin1')}`)
      }
    }
    await within(Promise.all(Array.from({ length: parallel }, client)), 30_000, 'all to be refused')
    assert.not.ok(node.paused)
    const after = await ask('/v1/models/tulips:predict', { body: { instances: [[1, 'red']] } })
    assert.is(after.status, 200)
  })
})

fuzz.run()
