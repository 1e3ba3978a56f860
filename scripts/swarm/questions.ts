import type { ChildProcess } from 'node:child_process'
import type { Answer } from '../../node/index.js'
import { HttpError } from '../../node/http/errors.js'
import type { FromNode, ToNode } from './messages.js'

type Reply = Extract<FromNode, { type: 'predicted' | 'not-predicted' }>

interface Open {
  readonly child: ChildProcess
  settle(reply: Reply | undefined): void
}

/** Questions to the models of node processes, until they are answered. */
export class Questions {
  readonly #open = new Map<number, Open>()
  #next = 0

  /** @throws HttpError 400 when the examples are at fault, 503 when the node is or is not there */
  async ask(child: ChildProcess | undefined, examples: readonly unknown[]): Promise<Answer> {
    if (child?.connected !== true) throw new HttpError(503, 'no node of the swarm can answer now')
    const question = this.#next++
    const reply = await new Promise<Reply | undefined>(settle => {
      this.#open.set(question, { child, settle })
      child.send({ type: 'predict', question, examples } satisfies ToNode, () => {})
    })
    if (reply === undefined) throw new HttpError(503, 'the node ended before it could answer; ask again')
    if (reply.type === 'predicted') return reply.answer
    throw new HttpError(reply.invalid ? 400 : 503, reply.message)
  }

  answered(reply: Reply): void {
    this.#open.get(reply.question)?.settle(reply)
    this.#open.delete(reply.question)
  }

  /** A node has ended: it answers nothing any more. */
  gone(child: ChildProcess): void {
    for (const [question, open] of this.#open) {
      if (open.child !== child) continue
      this.#open.delete(question)
      open.settle(undefined)
    }
  }
}
