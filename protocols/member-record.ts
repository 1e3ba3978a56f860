import { peerIdFromMultihash, peerIdFromString } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { decode as decodeMultihash } from 'multiformats/hashes/digest'
import type { Member } from './messages.js'

/** Addresses kept of a member. */
const maxAddresses = 8
/** Longer addresses are left out: no member may make the list of members too long to be told. */
const maxAddressBytes = 200

/** One node of a swarm, as others know it. */
export interface MemberRecord {
  readonly peer: string
  readonly addresses: readonly Multiaddr[]
  /** The round that it said it was in. */
  readonly round: number
}

/** @param sequence - of an announcement; what is told of others has none */
export function encodeMember({ peer, addresses, round }: MemberRecord, left = false, sequence = 0n): Member {
  return {
    peer: peerIdFromString(peer).toMultihash().bytes,
    addresses: addresses
      .map(address => address.bytes)
      .filter(isShort)
      .slice(0, maxAddresses),
    round,
    left,
    sequence
  }
}

/** @returns undefined when the bytes are no peer id; addresses that cannot be read are left out */
export function decodeMember(member: Member): MemberRecord | undefined {
  try {
    const peer = peerIdFromMultihash(decodeMultihash(member.peer)).toString()
    const addresses = member.addresses.filter(isShort).slice(0, maxAddresses).flatMap(readAddress)
    return { peer, addresses, round: member.round }
  } catch {
    return undefined
  }
}

function isShort(bytes: Uint8Array): boolean {
  return bytes.byteLength <= maxAddressBytes
}

function readAddress(bytes: Uint8Array): Multiaddr[] {
  try {
    return [multiaddr(bytes)]
  } catch {
    return []
  }
}
