import { execFileSync } from 'node:child_process'
import { platform } from 'node:os'
import type { Place } from './fault-swarm.js'

function run(command: string): void {
  const [name, ...args] = command.split(' ')
  execFileSync(name, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Why there can be no network namespaces here; undefined: there can. */
export function withoutNamespaces(): string | undefined {
  if (platform() !== 'linux' || process.getuid?.() !== 0) return 'needs Linux and root, for network namespaces'
  try {
    run('ip -V')
    return undefined
  } catch {
    return 'needs the command ip (iproute2)'
  }
}

/**
 * Nodes each in a network namespace of its own, the first half on one switch and the second on another, with one cable between
 * the two. Nothing of it touches the machine's own network.
 */
export class Network {
  readonly #name = `mm${process.pid % 10_000}`
  readonly #size: number

  constructor(size: number) {
    this.#size = size
    run(`ip netns add ${this.#name}`)
    for (const side of ['l', 'r']) {
      run(`ip -n ${this.#name} link add name sw${side} type bridge`)
      run(`ip -n ${this.#name} link set dev sw${side} up`)
    }
    run(`ip -n ${this.#name} link add name cl type veth peer name cr`)
    for (const side of ['l', 'r']) run(`ip -n ${this.#name} link set dev c${side} master sw${side} up`)
    for (let node = 0; node < size; node++) this.#plug(node)
  }

  placeOf(node: number): Place {
    return {
      through: ['ip', 'netns', 'exec', this.#namespace(node)],
      listen: `/ip4/10.77.0.${node + 1}/tcp/4101`
    }
  }

  /** Pull the cable between the halves, or put it back. */
  partition(apart: boolean): void {
    run(`ip -n ${this.#name} link set dev cl ${apart ? 'down' : 'up'}`)
  }

  /** A node can send nothing to another, which can still send to it. */
  silence(from: number, to: number): void {
    run(`ip -n ${this.#namespace(from)} route add blackhole 10.77.0.${to + 1}/32`)
  }

  close(): void {
    for (let node = 0; node < this.#size; node++) run(`ip netns del ${this.#namespace(node)}`)
    run(`ip netns del ${this.#name}`)
  }

  #plug(node: number): void {
    const [namespace, port, side] = [this.#namespace(node), `p${node}`, 2 * node < this.#size ? 'l' : 'r']
    run(`ip netns add ${namespace}`)
    run(`ip -n ${namespace} link set dev lo up`)
    run(`ip -n ${this.#name} link add name ${port} type veth peer name eth netns ${namespace}`)
    run(`ip -n ${this.#name} link set dev ${port} master sw${side} up`)
    run(`ip -n ${namespace} addr add 10.77.0.${node + 1}/24 dev eth`)
    run(`ip -n ${namespace} link set dev eth up`)
    run(`ip -n ${namespace} route add 224.0.0.0/4 dev eth`)
  }

  #namespace(node: number): string {
    return `${this.#name}-${node}`
  }
}
