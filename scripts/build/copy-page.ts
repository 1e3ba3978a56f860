// Puts what tsc leaves out of the page (HTML, style, icon) beside the compiled scripts.
import { copyFileSync, readdirSync } from 'node:fs'

const from = new URL('../../../dashboard/', import.meta.url)
const to = new URL('../../dashboard/', import.meta.url)
for (const name of readdirSync(from)) {
  if (!/\.(html|css|svg)$/.test(name)) continue
  copyFileSync(new URL(name, from), new URL(name, to))
}
