import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { maxStreamsPerMinute } from '../../node/stream-limit.js'
import { Changes } from '../helpers/changes.js'
import { connect, createTestHost, withHosts } from '../helpers/host.js'

const limits = suite('stream limit')

limits('cuts the connection of a peer that opens more streams than anybody needs, whatever they are for', () =>
  withHosts(1, async attacker => {
    const flooded: string[] = []
    const changes = new Changes()
    const victim = await createTestHost({
      onFlood: peer => {
        flooded.push(peer)
        changes.notify()
      }
    })
    try {
      await connect(attacker, victim)
      const [connection] = attacker.host.getConnections(victim.host.peerId)
      let refused = 0
      let error: unknown
      for (; refused < 2 * maxStreamsPerMinute; refused++) {
        error = await connection.newStream('/nobody/speaks/this').catch((cause: unknown) => cause)
        if ((error as Error).name !== 'UnsupportedProtocolError') break
      }
      await changes.until(() => flooded.length > 0, 'the flood to be noticed')
      assert.equal(flooded, [attacker.id])
      const expected = refused > maxStreamsPerMinute / 2 && refused <= maxStreamsPerMinute
      assert.ok(expected, `${refused} streams, then ${String(error)}`)
      assert.is(victim.host.getConnections(attacker.host.peerId).length, 0)
    } finally {
      await victim.host.stop()
    }
  })
)

limits.run()
