// The examples that a newcomer copies are run like any other test.
import '../examples/convergence.test.js'
