import { connect } from './connection.js'
import { Controls } from './controls.js'
import { Details } from './details.js'
import { Figures } from './figures.js'
import { Graph } from './graph.js'
import { Header, type Connection } from './header.js'
import { Log } from './log.js'
import { apply, modelOf, type Model } from './model.js'
import { NodeTable } from './node-table.js'
import { setUpTrying } from './try.js'

let model: Model | undefined
let connection: Connection = 'connecting'
let lastSeen = Date.now()
let frame: number | undefined

const header = new Header()
const figures = new Figures()
const details = new Details()
const openNode = (peer: string): void => {
  if (model !== undefined) details.open(peer, model)
}
const graph = new Graph(openNode)
const table = new NodeTable(openNode)
const log = new Log()
const controls = new Controls()

/** However much arrives, the page is drawn once a frame. */
function changed(): void {
  frame ??= requestAnimationFrame(() => {
    frame = undefined
    header.connection(connection, lastSeen)
    if (model === undefined) return
    header.draw(model, connection)
    figures.draw(model)
    graph.draw(model)
    table.draw(model)
    details.draw(model)
    log.draw(model)
    controls.draw(model.state, connection === 'open')
  })
}

connect({
  snapshot(snapshot) {
    if (model === undefined) void setUpTrying(peer => model?.nodes.get(peer)?.name ?? peer.slice(-6))
    model = modelOf(snapshot)
    lastSeen = Date.now()
    changed()
  },
  delta(delta) {
    if (model !== undefined) apply(model, delta)
    lastSeen = Date.now()
    changed()
  },
  connection(state) {
    // That it was stopped stays true while it is looked for.
    if (connection !== 'ended' || state === 'open') connection = state
    changed()
  }
})
window.setInterval(() => {
  if (model !== undefined && connection === 'open') header.uptime(model)
}, 1000)
changed()
