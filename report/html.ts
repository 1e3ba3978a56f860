import { palette } from './look.js'

export interface Section {
  readonly title: string
  /** A sentence or two, plain text. */
  readonly text?: string
  /** Charts and tables, as the functions of this room give them. */
  readonly html: string
}

export interface HtmlPage {
  readonly title: string
  /** What was run, plain text; a line each. */
  readonly facts?: readonly string[]
  readonly sections: readonly Section[]
}

const colours = (paper: 'light' | 'dark'): string =>
  palette.map((series, i) => `--series-${i}:${series[paper]};`).join('')

const style = `
:root{color-scheme:light dark;--paper:#fcfcfa;--card:#fff;--ink:#1c1e21;--faint:#5f666d;--line:#dfe1e4;${colours('light')}}
@media(prefers-color-scheme:dark){:root{--paper:#14171a;--card:#1c2024;--ink:#e8eaec;--faint:#a1a9b0;--line:#343a40;${colours('dark')}}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1320px;padding:2rem 1.25rem 4rem;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;margin:0 0 .4rem}
h2{font-size:1.15rem;margin:2.2rem 0 .3rem}
.facts{margin:0;padding:0;list-style:none;color:var(--faint)}
section>p{margin:.1rem 0 .8rem;color:var(--faint);max-width:75ch}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:1rem;align-items:start}
figure{margin:0;padding:.9rem 1rem .7rem;background:var(--card);border:1px solid var(--line);border-radius:8px;min-width:0;max-width:760px}
figure>svg{display:block;width:100%;height:auto}
figure>svg.topology{max-width:440px;margin:0 auto}
figure>p{margin:.4rem 0 0;color:var(--faint);font-size:.85rem}
figcaption{font-weight:600}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;margin:.2rem 0 .5rem;padding:0;list-style:none;font-size:.85rem}
.legend li{display:flex;align-items:center;gap:.4rem}
.ramp{display:inline-block;width:7rem;height:.7rem;border-radius:3px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.87rem;font-variant-numeric:tabular-nums;background:var(--card)}
th,td{padding:.35rem .6rem;border:1px solid var(--line);text-align:right;white-space:nowrap}
th{font-weight:600;color:var(--faint)}
th:first-child,td:first-child{text-align:left}
`

/** One self-contained file: no script, nothing fetched, light or dark as the reader has it. */
export function htmlPage({ title, facts = [], sections }: HtmlPage): string {
  const lines = facts.map(fact => `<li>${escapeHtml(fact)}</li>`).join('')
  const body = sections.map(section => {
    const text = section.text === undefined ? '' : `<p>${escapeHtml(section.text)}</p>`
    return `<section><h2>${escapeHtml(section.title)}</h2>${text}${section.html}</section>`
  })
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${style}</style></head>
<body><header><h1>${escapeHtml(title)}</h1><ul class="facts">${lines}</ul></header>
<main>${body.join('\n')}</main></body></html>
`
}

/** Charts side by side, as many as the page has room for. */
export function grid(charts: readonly string[]): string {
  return `<div class="grid">${charts.join('\n')}</div>`
}

/** @param rows - the first one is the header; cells are plain text */
export function htmlTable([header, ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: 'th' | 'td'): string =>
    `<tr>${cells.map(cell => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`
  const body = rows.map(row => line(row, 'td')).join('')
  return `<div class="scroll"><table><thead>${line(header, 'th')}</thead><tbody>${body}</tbody></table></div>`
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
