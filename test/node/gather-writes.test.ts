import '../../node/with-resolvers.js'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { ConnectionEncrypter, Logger, MessageStream } from '@libp2p/interface'
import { noise, type NoiseComponents } from '@libp2p/noise'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { Uint8ArrayList } from 'uint8arraylist'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { gatherWrites } from '../../node/gather-writes.js'
import { maxSealedBytes, maxWriteBytes } from '../../protocols/framing.js'
import { Changes } from '../helpers/changes.js'

const silent: Logger = Object.assign(() => {}, { error() {}, trace() {}, enabled: false, newScope: () => silent })

async function encrypter(): Promise<ConnectionEncrypter> {
  const privateKey = await generateKeyPair('Ed25519')
  const components = {
    privateKey,
    peerId: peerIdFromPrivateKey(privateKey),
    logger: { forComponent: () => silent },
    upgrader: { getStreamMuxers: () => new Map() }
  }
  return gatherWrites(noise())(components as unknown as NoiseComponents)
}

interface Secured {
  readonly outbound: MessageStream
  readonly inbound: MessageStream
  /** What the dialling side has handed to the transport. */
  readonly written: (Uint8Array | Uint8ArrayList)[]
}

/** Both ends of a connection, encrypted by noise. */
async function secured(): Promise<Secured> {
  const [dialled, accepted] = multiaddrConnectionPair()
  const written: (Uint8Array | Uint8ArrayList)[] = []
  const send = dialled.send.bind(dialled)
  dialled.send = data => {
    written.push(data)
    return send(data)
  }
  const [client, server] = await Promise.all([encrypter(), encrypter()])
  const [outbound, inbound] = await Promise.all([client.secureOutbound(dialled), server.secureInbound(accepted)])
  return { outbound: outbound.connection, inbound: inbound.connection, written }
}

const writes = suite('gathered writes')

writes('hand over a message of many parts in one piece, which the peer reads as it was', async () => {
  const { outbound, inbound, written } = await secured()
  const message = new Uint8Array(200_000).map((_, i) => i * 7)
  const received = new Uint8ArrayList()
  const changes = new Changes()
  inbound.addEventListener('message', ({ data }) => {
    received.append(data)
    changes.notify()
  })
  written.length = 0
  outbound.send(new Uint8ArrayList(message.subarray(0, 12), message.subarray(12)))
  await changes.until(() => received.byteLength >= message.length, 'the message')
  assert.is(Buffer.compare(received.subarray(), message), 0)
  assert.is(written.length, 1)
  assert.instance(written[0], Uint8Array)
})

writes('seal as much at once as the peer reads at once', async () => {
  const nodeReads = 64 * 1024
  const { outbound, written } = await secured()
  written.length = 0
  outbound.send(new Uint8Array(maxSealedBytes))
  assert.is(written[0].byteLength, nodeReads)
  outbound.send(new Uint8ArrayList(new Uint8Array(12), new Uint8Array(3 * maxSealedBytes - 12)))
  assert.is(written[1].byteLength, 3 * nodeReads)
  assert.is(written.length, 2)
})

writes('of the longest kind fill the messages of the cipher', async () => {
  const muxerHeaderBytes = 12
  const overhead = async (bytes: number): Promise<number> => {
    const { outbound, written } = await secured()
    written.length = 0
    outbound.send(new Uint8Array(bytes))
    return written[0].byteLength - bytes
  }
  const message = await overhead(1)
  assert.is(await overhead(muxerHeaderBytes + maxWriteBytes), 8 * message)
  assert.is(await overhead(muxerHeaderBytes + maxWriteBytes + 1), 9 * message)
})

writes.run()
