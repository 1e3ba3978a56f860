import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { multiaddr } from '@multiformats/multiaddr'
import { Registry } from 'prom-client'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { serveHttp } from '../../node/http/server.js'
import { createNode } from '../../node/index.js'
import { createLogger } from '../../node/logger.js'
import { NodeMetrics } from '../../node/metrics.js'
import { exchangeProtocol } from '../../protocols/protocol-ids.js'
import { fixture } from '../helpers/fixture.js'
import { createTestHost } from '../helpers/host.js'
import { within } from '../helpers/within.js'

const metrics = suite('metrics of a node')
const timeoutMs = 20_000

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[]
}

metrics('hold what happened, and all that the Grafana dashboard asks for', async () => {
  const registry = new Registry()
  const options = { listen: ['/ip4/127.0.0.1/tcp/0'], rounds: 2, settings: { localSteps: 5 } }
  const node = await createNode({ ...options, data: fixture('iris.csv'), registry })
  const http = await serveHttp(node, { port: 0, metrics: new NodeMetrics(node, { registry }) })
  try {
    await node.open()
    const second = await createNode({ ...options, data: fixture('iris.csv'), join: node.addresses })
    try {
      await second.open()
      assert.ok(await node.linked(2, timeoutMs))
      const finished = [node, second].map(each => once(each, 'finished'))
      for (const each of [node, second]) each.start()
      await within(Promise.all(finished), timeoutMs, 'both to learn')
    } finally {
      await second.stop()
    }
    const instances = [[5.1, 3.5, 1.4, 0.2], ['x']]
    for (const some of [instances.slice(0, 1), instances]) {
      const body = JSON.stringify({ instances: some })
      await fetch(`${http.url}/v1/models/model:predict`, { method: 'POST', body })
    }
    const answer = await fetch(`${http.url}/metrics`)
    assert.match(answer.headers.get('content-type')!, /^text\/plain; version=0\.0\.4/)
    const text = await answer.text()
    const value = (series: string): number => Number(text.split('\n').find(line => line.startsWith(`${series} `))?.split(' ').at(-1)) // prettier-ignore
    const { bytes, round, evaluation } = node.status()
    assert.is(value('murmur_rounds_total'), 2)
    assert.is(value('murmur_round'), round)
    assert.is(value('murmur_model_round'), 2)
    assert.is(value('murmur_test_accuracy'), evaluation!.accuracy)
    assert.is(value('murmur_bytes_total{direction="sent"}'), bytes.sent)
    const exchanged = value('murmur_protocol_bytes_total{direction="sent",protocol="/murmur/exchange/2"}')
    assert.ok(exchanged > 300 && exchanged < bytes.sent, String(exchanged))
    assert.ok(value('libp2p_data_transfer_bytes_total{protocol="/murmur/exchange/2 sent"}') > 0)
    assert.ok(value('murmur_energy_joules_total{cause="training"}') > 0)
    assert.ok(value('murmur_consensus_distance') >= 0)
    assert.is(value('murmur_exchange_seconds_count'), 2)
    assert.is(value('murmur_train_step_seconds_count'), 2)
    assert.is(value('murmur_prediction_duration_seconds_count{code="200"}'), 1)
    assert.is(value('murmur_prediction_duration_seconds_count{code="400"}'), 1)

    const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))
    const file = new URL('../../../dashboard/grafana.json', import.meta.url)
    const { panels } = JSON.parse(readFileSync(file, 'utf8')) as Dashboard
    assert.ok(panels.length > 10)
    for (const { title, targets } of panels) {
      for (const { expr } of targets) {
        const names = [...expr.matchAll(/\b(?:murmur|process|nodejs|libp2p)_\w+/g)].map(([name]) => name)
        assert.ok(names.length > 0, `${title}: ${expr}`)
        for (const name of names) {
          assert.ok(known.has(name) || known.has(name.replace(/_(bucket|sum|count)$/, '')), `${title} asks for ${name}`)
        }
      }
    }
    for (const name of known) assert.match(name, /^(murmur|process|nodejs|libp2p)_[a-z0-9_]+$/)
  } finally {
    await http.close()
    await node.stop()
  }
})

metrics('count what was refused, by reason, and who was shut out for it', async () => {
  const registry = new Registry()
  const data = fixture('iris.csv')
  const node = await createNode({ data, listen: ['/ip4/127.0.0.1/tcp/0'], log: createLogger('test', 'silent') })
  const attacker = await createTestHost()
  try {
    new NodeMetrics(node, { registry })
    await node.open()
    const cut = new Promise(resolve => attacker.host.addEventListener('connection:close', resolve))
    for (let time = 0; time < 2; time++) {
      const stream = await attacker.host.dialProtocol(
        node.addresses.map(text => multiaddr(text)),
        exchangeProtocol
      )
      // The length of a frame of 4 GiB.
      stream.send(Uint8Array.of(255, 255, 255, 255, 15))
      if (time === 0)
        await within(new Promise(resolve => stream.addEventListener('close', resolve)), timeoutMs, 'the reset')
    }
    await within(cut, timeoutMs, 'the ban')
    const text = await registry.metrics()
    assert.match(text, /^murmur_rejected_total\{reason="malformed"\} 2$/m)
    assert.match(text, /^murmur_bans_total 1$/m)
    assert.is(node.status().bans, 1)
  } finally {
    await attacker.host.stop()
    await node.stop()
  }
})

metrics.run()
