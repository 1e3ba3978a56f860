import { showAnswer, showAnswers, type Answer } from './answer.js'
import { byId, create, setText } from './dom.js'
import { get, post } from './requests.js'
import { setUpPictures } from './try-pictures.js'
import { setUpRows } from './try-rows.js'
import type { Task } from './wire.js'

/** More examples than this are not asked for at once. */
export const maxExamples = 100

/** Asks the model; never throws. */
export type Ask = (instances: () => readonly unknown[] | Promise<readonly unknown[]>) => Promise<void>

/**
 * Let the reader try the model, in the way that its input asks for.
 *
 * @param nameOf - what the page calls a peer
 */
export async function setUpTrying(nameOf: (peer: string) => string): Promise<void> {
  let task: Task
  try {
    task = await get<Task>('/api/task')
  } catch (error) {
    return setText(byId('try-error'), (error as Error).message)
  }
  const ask = askerOf(task, nameOf)
  if (task.schema.kind === 'image') setUpPictures(task.schema, ask)
  else setUpRows(task.schema, ask)
}

function askerOf(task: Task, nameOf: (peer: string) => string): Ask {
  const place = byId('answer')
  return async instances => {
    setText(byId('try-error'), '')
    try {
      const asked = await instances()
      const answer = await post<Answer>(`/v1/models/${encodeURIComponent(task.name)}:predict`, { instances: asked })
      const { predictions, round, node } = answer
      const [first] = predictions
      const shown = predictions.length === 1 ? showAnswer(first, task.schema.label) : showAnswers(predictions)
      const who = `node ${nameOf(node)}`
      place.replaceChildren(
        ...shown,
        create('p', 'note', `Answered by ${who} with model ${task.name} of round ${round}.`)
      )
    } catch (error) {
      setText(byId('try-error'), (error as Error).message)
    }
  }
}
