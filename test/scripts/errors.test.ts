import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as data from '../../data/errors.js'
import * as engine from '../../engine/errors.js'
import * as learning from '../../learning/errors.js'
import * as checkpoint from '../../node/checkpoint/errors.js'
import * as node from '../../node/errors.js'
import * as protocols from '../../protocols/errors.js'
import * as scripts from '../../scripts/errors.js'
import { reportOf } from '../../scripts/errors.js'
import { exitCodes } from '../../scripts/exit-codes.js'
import * as simulation from '../../simulation/errors.js'

/** Between a node and its peers, or its own files: nobody's command ends with them. */
const internal = ['ProtocolError', 'MalformedUpdateError', 'DamagedCheckpointError']

const errors = suite('errors at the command line')

errors('every error of the project has an exit code and is told in its own words', () => {
  const rooms = [data, engine, learning, checkpoint, node, protocols, simulation, scripts]
  const names = rooms.flatMap(room => Object.keys(room)).filter(name => name.endsWith('Error'))
  assert.ok(names.length > 25, names.join())
  for (const name of names) {
    if (internal.includes(name) || name === 'SwarmError') continue
    const { message, exitCode } = reportOf(Object.assign(new Error('what is wrong'), { name }))
    assert.is(message, 'what is wrong', name)
    assert.ok(Object.values<number>(exitCodes).includes(exitCode), `${name} ends with ${exitCode}`)
  }
})

errors('anything else is a bug, with the place where it happened', () => {
  const { message, exitCode } = reportOf(new TypeError('x is not a function'))
  assert.is(exitCode, exitCodes.failure)
  assert.match(message, /^this is a bug in murmur:\nTypeError: x is not a function\n +at /)
})

errors('a swarm that could not begin says how it ends', () => {
  const { message, exitCode } = reportOf(new scripts.SwarmError('node 3 could not listen', exitCodes.noPeer))
  assert.equal({ message, exitCode }, { message: 'node 3 could not listen', exitCode: exitCodes.noPeer })
})

errors.run()
