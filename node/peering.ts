import type { Connection, PeerInfo } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Rng } from '../learning/rng.js'
import { createTopology } from '../learning/topology/create-topology.js'
import {
  Doubts,
  Exchange,
  Membership,
  TaskServer,
  type ExchangeInit,
  type MemberRecord,
  type Task,
  type TaskServerInit
} from '../protocols/index.js'
import type { Clock } from './clock.js'
import type { Conduct } from './conduct.js'
import { Contacts } from './contacts.js'
import type { Home } from './home.js'
import type { Host } from './host.js'
import { Liveness } from './liveness.js'
import type { Logger } from './logger.js'
import { Neighbourhood, type NeighbourhoodInit } from './neighbourhood.js'
import type { PeerStatus } from './status.js'
import type { Traffic } from './traffic.js'

export interface PeeringComponents {
  readonly host: Host
  readonly traffic: Traffic
  readonly clock: Clock
  readonly log: Logger
  readonly conduct: Conduct
  /** Remembers contacts from one start to the next. */
  readonly home: Home | undefined
  readonly rng: Rng
}

export interface PeeringInit
  extends
    Pick<ExchangeInit, 'taskId' | 'layoutHash' | 'maxUpdateBytes' | 'onUpdate'>,
    Pick<TaskServerInit, 'snapshot'> {
  readonly task: Task
  /** Addresses to find others at. */
  readonly contacts: readonly Multiaddr[]
  /** Peers that were discovered before. */
  readonly discovered: readonly PeerInfo[]
  /** Whether there may be a connection with a peer. */
  readonly admits: (peer: string) => boolean
  /** Of its announcements, see `Membership`. */
  readonly firstSequence: bigint
  readonly onNeighbours: NeighbourhoodInit['onChange']
}

const contactsKey = 'contacts'

/** Everything between a node and the others of its task: who they are, how they are found, and the links with its neighbours. */
export class Peering {
  readonly exchange: Exchange
  readonly #parts: PeeringComponents
  readonly #membership: Membership
  readonly #doubts: Doubts
  readonly #contacts: Contacts
  readonly #neighbourhood: Neighbourhood
  readonly #liveness: Liveness
  readonly #taskServer: TaskServer
  #onLink = (): void => {}
  #giveUpLinking = (): void => {}

  constructor(components: PeeringComponents, init: PeeringInit) {
    this.#parts = components
    const { host, traffic, clock, log, conduct, home, rng } = components
    const { task, taskId, layoutHash, snapshot } = init
    const self = host.peerId.toString()
    const onFault: ExchangeInit['onFault'] = (peer, fault, detail) => conduct.record(peer, fault, detail)
    this.exchange = new Exchange(
      { libp2p: host, clock },
      {
        taskId,
        layoutHash,
        maxUpdateBytes: init.maxUpdateBytes,
        onUpdate: init.onUpdate,
        onLinksChanged: () => {
          this.#neighbourhood.linksChanged()
          this.#onLink()
        },
        onFault
      }
    )
    const { pubsub } = host.services
    this.#membership = new Membership(
      { pubsub, clock },
      {
        taskId,
        self,
        addresses: () => host.getMultiaddrs(),
        round: () => snapshot().round,
        firstSequence: init.firstSequence,
        onFault,
        onChange: () => {
          for (const { peer, addresses } of this.#membership.records) {
            if (peer !== self) this.#contacts.add(peer, addresses)
          }
          this.#neighbourhood.membersChanged()
          this.#onLink()
        }
      }
    )
    this.#doubts = new Doubts({ pubsub, membership: this.#membership, clock }, { taskId, self, onFault })
    this.#contacts = new Contacts({
      dial: async (addresses, signal) => host.dial(addresses, { signal }),
      isSettled: key =>
        key === self || this.#isConnected(key) || !init.admits(key) || this.#membership.get(key) !== undefined,
      save: async text => home?.write(contactsKey, text),
      clock,
      log,
      rng: rng.fork('contacts')
    })
    for (const address of init.contacts) this.#contacts.addAddress(address)
    const discovered = ({ id, multiaddrs }: PeerInfo): void => this.#contacts.add(id.toString(), multiaddrs)
    for (const peer of init.discovered) discovered(peer)
    host.addEventListener('peer:discovery', ({ detail }) => discovered(detail))
    this.#neighbourhood = new Neighbourhood(
      {
        membership: this.#membership,
        exchange: this.exchange,
        doubt: peer => this.#doubts.raise(peer),
        connected: peer => host.getConnections(peer).length > 0,
        remember: async peer => {
          const multiaddrs = [...(this.#membership.get(peer.toString())?.addresses ?? [])]
          await host.peerStore.merge(peer, { multiaddrs })
        },
        clock,
        log,
        rng: rng.fork('links')
      },
      { self, topology: createTopology(task.topology), seed: task.seed, onChange: init.onNeighbours }
    )
    this.#liveness = new Liveness({
      linked: () => this.exchange.links,
      received: peer =>
        this.#connectionsTo(peer).reduce((sum, connection) => sum + traffic.over(connection).received, 0),
      beat: peer => this.exchange.beat(peer),
      announcedAtMs: peer => this.#membership.heardAtMs(peer),
      doubt: peer => this.#doubts.raise(peer),
      onChange: (peer, isSilent) =>
        log.info(isSilent ? 'a neighbour is silent' : 'a neighbour is heard again', { peer }),
      clock
    })
    const members = (): readonly MemberRecord[] => this.#membership.records
    this.#taskServer = new TaskServer({ libp2p: host, clock }, { task, layoutHash, members, snapshot })
  }

  /** Peer ids of all members, this node among them. */
  get members(): readonly string[] {
    return this.#membership.peers
  }

  /** Peer ids of the neighbours in the topology, whether or not they can be reached now. */
  get neighbours(): readonly string[] {
    return this.#neighbourhood.wanted.map(({ peer }) => peer)
  }

  /** Tell the node of others, before they speak for themselves. */
  introduce(members: readonly MemberRecord[]): void {
    this.#membership.learn(members)
  }

  /** Accept links and look for neighbours. */
  async start(): Promise<void> {
    await this.exchange.start()
    await this.#taskServer.start()
    this.#membership.start()
    this.#doubts.start()
    this.#liveness.start()
    const known = await this.#parts.home?.read(contactsKey)
    if (known !== undefined) this.#contacts.load(known)
    this.#contacts.start()
    this.#neighbourhood.membersChanged()
  }

  /**
   * Wait until so many members, this node among them, are known and all neighbours are linked.
   *
   * @returns false when that did not happen in time, or before `giveUpLinking`
   */
  async linked(members: number, timeoutMs: number): Promise<boolean> {
    return new Promise(resolve => {
      const settle = (linked: boolean): void => {
        cancel()
        this.#onLink = () => {}
        this.#giveUpLinking = () => {}
        resolve(linked)
      }
      this.#giveUpLinking = () => settle(false)
      const cancel = this.#parts.clock.after(timeoutMs, () => settle(false))
      this.#onLink = () => {
        if (this.members.length >= members && this.#neighbourhood.complete) settle(true)
      }
      this.#onLink()
    })
  }

  giveUpLinking(): void {
    this.#giveUpLinking()
  }

  /**
   * Say goodbye and close the links, once the last updates are out.
   *
   * @param drainMs - how long to wait for peers to read them: a link that is closed takes with it what is still queued
   */
  async stop(drainMs: number): Promise<void> {
    this.#contacts.stop()
    this.#neighbourhood.stop()
    this.#liveness.stop()
    this.#doubts.stop()
    this.#membership.stop()
    await this.#drained(drainMs)
    await this.exchange.stop()
    await this.#taskServer.stop()
  }

  /** What is known of each other member. */
  peers(): PeerStatus[] {
    const { host, traffic, conduct } = this.#parts
    const self = host.peerId.toString()
    const links = new Set(this.exchange.links)
    const weights = new Map(this.#neighbourhood.wanted.map(({ peer, weight }) => [peer, weight]))
    return this.members
      .filter(peer => peer !== self)
      .map(peer => {
        const connection = this.#connectionsTo(peer).at(0)
        const bytes = connection === undefined ? undefined : traffic.over(connection)
        return {
          peer,
          state: this.#stateOf(peer, links.has(peer), weights.has(peer)),
          round: this.#membership.get(peer)?.round ?? 0,
          weight: weights.get(peer),
          rttMs: connection?.rtt,
          bytes: bytes ?? { sent: 0, received: 0 },
          rejected: conduct.of(peer)
        }
      })
  }

  #stateOf(peer: string, isLinked: boolean, isNeighbour: boolean): PeerStatus['state'] {
    if (isLinked) return this.#liveness.isSilent(peer) ? 'silent' : 'exchanging'
    return isNeighbour ? 'connecting' : 'known'
  }

  /** By its name: to read a peer's key out of that takes longer than to look at every connection. */
  #connectionsTo(peer: string): Connection[] {
    return this.#parts.host.getConnections().filter(({ remotePeer }) => remotePeer.toString() === peer)
  }

  /** @param key - of a contact: a peer id, or the start of an address */
  #isConnected(key: string): boolean {
    return this.#parts.host
      .getConnections()
      .some(({ remotePeer, remoteAddr }) => remotePeer.toString() === key || remoteAddr.toString().startsWith(key))
  }

  #drained(drainMs: number): Promise<void> {
    return new Promise(resolve => {
      const cancel = this.#parts.clock.after(drainMs, resolve)
      void this.exchange.drained().then(() => {
        cancel()
        resolve()
      })
    })
  }
}
