import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { energyProfiles, energySpent, joules, trainingOperations, type EnergyProfile } from '../learning/energy.js'
import type { MurmurNode } from './node.js'
import type { Bytes } from './traffic.js'

/** What is measured of a node. */
export type MeasuredNode = Pick<MurmurNode, 'task' | 'status' | 'peers' | 'traffic' | 'on'>

export interface MetricsInit {
  readonly registry: Registry
  /** What the radio of this device spends, for the estimate of joules. @default 'wifi' */
  readonly energy?: keyof typeof energyProfiles
}

/** Seconds, from a step of a small model to a round of a large one. */
const durations = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300]
const predictionDurations = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1, 5]

/**
 * A node's figures for Prometheus. What the node counts anyway is read when somebody asks; durations are noted when they
 * happen.
 */
export class NodeMetrics {
  readonly registry: Registry
  readonly #node: MeasuredNode
  readonly #predictions: Histogram<'code'>
  #roundsDone = 0
  #stepsDone = 0

  constructor(node: MeasuredNode, { registry, energy = 'wifi' }: MetricsInit) {
    this.registry = registry
    this.#node = node
    this.#readWhenAsked(energyProfiles[energy])
    this.#noteRounds()
    this.#predictions = new Histogram({
      name: 'murmur_prediction_duration_seconds',
      help: 'Time from a whole request for predictions to its answer, by HTTP status',
      labelNames: ['code'],
      buckets: predictionDurations,
      registers: [registry]
    })
  }

  /** A request for predictions was answered. */
  predicted(seconds: number, code: number): void {
    this.#predictions.observe({ code: String(code) }, seconds)
  }

  #readWhenAsked(prices: EnergyProfile): void {
    const node = this.#node
    const { id } = node.status().task
    this.#gauge('murmur_info', 'Always 1; the labels say what is learned', () => [[{ task: node.task.name, id }, 1]])
    this.#value('murmur_round', 'The round under way', () => node.status().round)
    this.#value('murmur_model_round', 'The round of the model that predicts', () => node.status().model.round)
    this.#value('murmur_members', 'Members of the swarm, this node included', () => node.status().members)
    this.#value('murmur_neighbours', 'Peers to average with', () => node.status().neighbours.length)
    this.#value('murmur_paused', '1 while paused', () => (node.status().paused ? 1 : 0))
    this.#value('murmur_training_loss', 'Mean loss over the last local steps', () => node.status().loss)
    this.#value('murmur_test_loss', 'Loss on held-out rows', () => node.status().evaluation?.loss)
    this.#value('murmur_test_accuracy', 'Share of held-out rows', () => node.status().evaluation?.accuracy)
    this.#value('murmur_test_r2', 'Determination of held-out rows', () => node.status().evaluation?.r2)
    this.#counter('murmur_bytes_total', 'Bytes over all connections, everything in', () =>
      byDirection(node.traffic.total)
    )
    this.#counter('murmur_protocol_bytes_total', 'Bytes of the streams of each protocol', () =>
      [...node.traffic.byProtocol].flatMap(([protocol, bytes]) =>
        byDirection(bytes).map(([labels, value]): Reading => [{ ...labels, protocol }, value])
      )
    )
    this.#counter('murmur_rejected_total', 'Messages refused, by reason', () =>
      Object.entries(node.status().rejected).map(([reason, count]): Reading => [{ reason }, count])
    )
    this.#counter('murmur_bans_total', 'Peers shut out for a while', () => [[{}, node.status().bans]])
    this.#counter('murmur_energy_joules_total', 'Estimated energy, by cause; an order of magnitude', () =>
      this.#energy(prices)
    )
  }

  #noteRounds(): void {
    const registers = [this.registry]
    const histogram = (name: string, help: string): Histogram =>
      new Histogram({ name, help, buckets: durations, registers })
    const rounds = new Counter({ name: 'murmur_rounds_total', help: 'Rounds that ended', registers })
    const missed = new Counter({
      name: 'murmur_missed_total',
      help: 'Neighbours that a round ended without',
      registers
    })
    const consensus = new Gauge({
      name: 'murmur_consensus_distance',
      help: 'Distance to the neighbours averaged with, root mean square',
      registers
    })
    const step = histogram('murmur_train_step_seconds', 'A local step of the optimizer, mean over those of a round')
    const exchange = histogram('murmur_exchange_seconds', 'From the end of the local steps to that of the averaging')
    const round = histogram('murmur_round_duration_seconds', 'Local steps and averaging of a round')
    this.#node.on('averaged', (result, _, { trainingMs, averagingMs, steps }) => {
      rounds.inc()
      missed.inc(result.missed.length)
      if (result.neighbourDistance !== undefined) consensus.set(result.neighbourDistance)
      if (steps > 0) step.observe(trainingMs / 1000 / steps)
      exchange.observe(averagingMs / 1000)
      round.observe((trainingMs + averagingMs) / 1000)
      this.#roundsDone++
      this.#stepsDone += steps
    })
  }

  /** Of the bytes sent and received and the rounds that ended since this process began. */
  #energy(prices: EnergyProfile): Reading[] {
    const { task } = this.#node
    const { model } = this.#node.status()
    const { sent, received } = this.#node.traffic.total
    const nothing = { bytesSent: 0, bytesReceived: 0, wakes: 0, operations: 0 }
    const rows = this.#stepsDone * task.training.batchSize
    const operations = trainingOperations(model.parameters, rows)
    return [
      [{ cause: 'training' }, joules(energySpent({ ...nothing, operations }, prices))],
      [{ cause: 'sending' }, joules(energySpent({ ...nothing, bytesSent: sent }, prices))],
      [{ cause: 'receiving' }, joules(energySpent({ ...nothing, bytesReceived: received }, prices))],
      [{ cause: 'waking' }, joules(energySpent({ ...nothing, wakes: this.#roundsDone }, prices))]
    ]
  }

  #value(name: string, help: string, read: () => number | undefined): void {
    this.#gauge(name, help, () => {
      const value = read()
      return value === undefined ? [] : [[{}, value]]
    })
  }

  #gauge(name: string, help: string, read: () => Reading[]): void {
    const labelNames = ['task', 'id']
    const registers = [this.registry]
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset()
        for (const [labels, value] of read()) this.set(labels, value)
      }
    })
  }

  #counter(name: string, help: string, read: () => Reading[]): void {
    new Counter({
      name,
      help,
      labelNames: ['direction', 'protocol', 'reason', 'cause'],
      registers: [this.registry],
      collect() {
        this.reset()
        for (const [labels, value] of read()) this.inc(labels, value)
      }
    })
  }
}

type Reading = readonly [labels: Record<string, string>, value: number]

function byDirection({ sent, received }: Bytes): Reading[] {
  return [
    [{ direction: 'sent' }, sent],
    [{ direction: 'received' }, received]
  ]
}
