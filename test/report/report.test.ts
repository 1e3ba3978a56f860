import { parseHTML } from 'linkedom'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createTopology } from '../../learning/topology/create-topology.js'
import { grid, htmlPage, htmlTable, lineChart, topologyPlot } from '../../report/index.js'

const report = suite('report')

const chart = {
  title: 'Accuracy <mean>',
  x: { label: 'rounds' },
  y: { label: 'accuracy', format: (value: number) => `${Math.round(100 * value)} %` },
  series: [
    {
      name: 'd-psgd & co',
      points: [
        [1, 0.5],
        [2, 0.8],
        [3, 0.9]
      ],
      band: [
        [1, 0.4, 0.6],
        [2, 0.7, 0.9],
        [3, 0.85, 0.95]
      ]
    },
    {
      name: 'swarm-sgd',
      points: [
        [1, 0.4],
        [2, 0.6],
        [3, 0.7]
      ]
    }
  ]
} as const

function parse(html: string): Document {
  return parseHTML(`<html><body>${html}</body></html>`).document
}

/** Colour and dashes of each line of a chart. */
function looks(html: string): [string | null, string | null][] {
  const lines = [...parse(html).querySelectorAll('figure > svg [aria-label="line"]')]
  return lines.map(line => [line.getAttribute('stroke'), line.getAttribute('stroke-dasharray')])
}

report('draws a line for every series, told apart by more than colour', () => {
  const drawn = parse(lineChart(chart))
  const [first, second] = looks(lineChart(chart))
  assert.not.equal(first[0], second[0])
  assert.not.equal(first[1], second[1])
  assert.is(drawn.querySelectorAll('.legend li').length, 2)
  assert.is(drawn.querySelectorAll('figure > svg [aria-label="area"] path').length, 1)
  assert.ok(drawn.querySelector('figure > svg')!.textContent.includes('80 %'))
})

report('gives a name the same look in a chart that lacks others', () => {
  const [, second] = looks(lineChart(chart))
  assert.equal(looks(lineChart({ ...chart, series: [{ ...chart.series[1], look: 1 }] })), [second])
})

report('leaves out what an axis cannot show', () => {
  const points = [
    [1, 0],
    [2, NaN],
    [3, 10],
    [4, 100]
  ] as const
  const html = lineChart({ ...chart, y: { label: 'y', scale: 'log' }, series: [{ name: 'a', points }] })
  const path = parse(html).querySelector('figure > svg [aria-label="line"] path')!.getAttribute('d')!
  assert.is(path.split('L').length, 2, path)
})

report('survives a chart without any point', () => {
  const html = lineChart({ ...chart, series: [{ name: 'nothing yet', points: [] }] })
  assert.ok(parse(html).querySelector('figure > svg') !== null)
})

report('draws every node that has a figure, and every edge', () => {
  const graph = createTopology('torus').graph(12, 1)
  const of = graph.neighbours.map((_, node) => (node === 3 ? null : node / 12))
  const html = topologyPlot({ title: 'torus', graph, values: { name: 'accuracy', of, format: x => x.toFixed(2) } })
  const drawn = parse(html)
  assert.is(drawn.querySelectorAll('[aria-label="link"] path').length, 24)
  assert.is(drawn.querySelectorAll('[aria-label="dot"] circle').length, 11)
  assert.ok(html.includes('node 11: 0.92') && html.includes('12 nodes, 24 edges, degree 4'), html)
})

report('says of a large swarm how it is joined', () => {
  const html = topologyPlot({ title: 'ring', graph: createTopology('ring').graph(1000, 1) })
  assert.ok(html.includes('1000 nodes, 1000 edges, degree 2') && !html.includes('<svg'))
})

report('makes a page that fetches nothing, runs nothing and escapes what it is told', () => {
  const table = htmlTable([
    ['strategy', 'accuracy'],
    ['<script>alert(1)</script>', '90 %']
  ])
  const html = htmlPage({
    title: 'a & b',
    facts: ['<img src=x>'],
    sections: [{ title: '"', text: '<b>', html: grid([lineChart(chart)]) + table }]
  })
  assert.not.match(html, /<script|<img|<link|@import|<b>/)
  const addresses = html.match(/https?:\/\/[^"]*/g) ?? []
  assert.equal(
    addresses.filter(address => address !== 'http://www.w3.org/2000/svg'),
    []
  )
  assert.match(html, 'prefers-color-scheme:dark')
  assert.is(parseHTML(html).document.querySelectorAll('td').length, 2)
})

report.run()
