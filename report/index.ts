export { escapeHtml, grid, htmlPage, htmlTable, type HtmlPage, type Section } from './html.js'
export { lineChart, type Axis, type LineChart, type Series } from './line-chart.js'
export { topologyPlot, type NodeValues, type TopologyPlot } from './topology-plot.js'
