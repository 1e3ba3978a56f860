import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseProblem } from '../../simulation/index.js'

const problems = suite('problems')
const init = { nodes: 6, learningRate: 0.1, seed: 1 }

problems('quadratics have their least mean loss at the optimum that averaged steps lead to', () => {
  const problem = parseProblem('quadratic:5', init)
  const x = problem.initial(0)
  const before = problem.evaluate!(x, 0).loss
  for (let step = 0; step < 400; step++) {
    const steps = Array.from({ length: 6 }, (_, node) => {
      const own = x.slice()
      problem.step(own, node, step)
      return own
    })
    for (let k = 0; k < 5; k++) x[k] = steps.reduce((sum, own) => sum + own[k] / 6, 0)
  }
  assert.ok(before > 0.01 && problem.evaluate!(x, 0).loss < 1e-10, `${problem.evaluate!(x, 0).loss}`)
})

problems('a step goes down the gradient of the loss that it returns', () => {
  const problem = parseProblem('quadratic:3', init)
  const at = (x: Float32Array): number => problem.step(x.slice(), 2, 0)
  const x = Float32Array.of(0.3, -1, 2)
  const stepped = x.slice()
  problem.step(stepped, 2, 0)
  for (let k = 0; k < 3; k++) {
    const [up, down] = [x.slice(), x.slice()]
    up[k] += 0.01
    down[k] -= 0.01
    const gradient = (at(up) - at(down)) / 0.02
    assert.ok(Math.abs(x[k] - stepped[k] - 0.1 * gradient) < 1e-4, `coordinate ${k}`)
  }
})

problems('noise is the same again for the same node and step, and differs for others', () => {
  const problem = parseProblem('quadratic:1,0.5', init)
  const stepped = (node: number, step: number): number => {
    const x = new Float32Array(1)
    problem.step(x, node, step)
    return x[0]
  }
  assert.is(stepped(0, 7), stepped(0, 7))
  assert.is.not(stepped(0, 7), stepped(0, 8))
})

problems('consensus begins with models that differ and learns nothing', () => {
  const problem = parseProblem('consensus:4', init)
  const [a, b] = [problem.initial(0), problem.initial(1)]
  assert.not.equal(a, b)
  assert.is(problem.step(a, 0, 0), 0)
  assert.equal(a, problem.initial(0))
})

for (const spec of [
  'quadratic',
  'quadratic:0',
  'quadratic:1.5',
  'quadratic:3,-1',
  'quadratic:3,1,1',
  'consensus:3,1'
]) {
  problems(`refuses ${spec}`, () => {
    assert.throws(
      () => parseProblem(spec, init),
      (error: Error) => error.message.startsWith(`problem ${spec}: expected `)
    )
  })
}

problems('refuses one that it does not know', () => {
  assert.throws(() => parseProblem('cubic:3', init), /unknown problem "cubic"/)
})

problems.run()
