import { peerIdFromString } from '@libp2p/peer-id'
import { connect, createTestHost } from '../helpers/host.js'
import { systemClock } from '../../node/clock.js'
import { Exchange } from '../../protocols/exchange.js'
import { runChecks } from '../compliance/check.js'
import { exchangeCompliance, type ExchangeSide } from '../compliance/exchange.js'

const init = {
  taskId: 'a'.repeat(64),
  layoutHash: 'b'.repeat(16),
  maxUpdateBytes: 4 * 1024 * 1024,
  onFault(peer: string, reason: string, detail: string): void {
    throw new Error(`${peer} at fault: ${reason}, ${detail}`)
  }
}

runChecks(
  'exchange over libp2p',
  exchangeCompliance(async events => {
    const hosts = [await createTestHost(), await createTestHost()] as const
    await connect(hosts[0], hosts[1])
    const exchanges = hosts.map(
      ({ host }, i) => new Exchange({ libp2p: host, clock: systemClock }, { ...init, ...events[i] })
    )
    await Promise.all(exchanges.map(exchange => exchange.start()))
    const side = (i: 0 | 1): ExchangeSide => ({
      id: hosts[i].id,
      exchange: exchanges[i],
      open: peer => exchanges[i].open(peerIdFromString(peer))
    })
    return {
      sides: [side(0), side(1)],
      async stop() {
        await Promise.all(exchanges.map(exchange => exchange.stop()))
        await Promise.all(hosts.map(async ({ host }) => host.stop()))
      }
    }
  })
)
