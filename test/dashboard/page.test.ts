import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../node/clock.js'
import { Feed } from '../../node/http/feed.js'
import { pageRoutes } from '../../node/http/page.js'
import { openServer } from '../../node/http/server.js'
import { openBrowser } from '../helpers/browser.js'
import { fixture } from '../helpers/fixture.js'
import { liveState } from '../helpers/live.js'
import { childrenOf } from '../helpers/processes.js'
import { withCommands, type RunningCommand } from '../helpers/run-murmur.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'

const folder = temporaryFolder()
const timeout = 15_000
const endless = ['--rounds', '1000000', '--nodes', '3', '--samples', '150', '--local-steps', '25', '--http', '0']
const page = suite('page in Chromium')
let browser: Browser

interface Visit {
  readonly page: Page
  /** Hosts that were asked for something. */
  readonly hosts: Set<string>
  /** What went wrong: errors of scripts, and of the policy that allows nothing inline. */
  readonly faults: string[]
}

async function visit(url: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options })
  context.setDefaultTimeout(timeout)
  const opened = await context.newPage()
  const hosts = new Set<string>()
  const faults: string[] = []
  opened.on('request', request => hosts.add(new URL(request.url()).host))
  opened.on('pageerror', error => faults.push(error.message))
  opened.on('console', message => {
    if (message.type() === 'error') faults.push(message.text())
  })
  await opened.goto(url)
  return { page: opened, hosts, faults }
}

/** Wait until an element says something. */
function says(opened: Page, selector: string, pattern: RegExp): Promise<unknown> {
  return opened.waitForFunction(
    ({ selector, source }) => new RegExp(source).test(document.querySelector(selector)?.textContent ?? ''),
    { selector, source: pattern.source },
    { polling: 50 }
  )
}

async function urlOf(command: RunningCommand): Promise<string> {
  return (await command.writes('stderr', /^dashboard +(http:\S+)$/m))[1]
}

/** Which element has the focus: its id, or its text. */
function focused({ page: opened }: Visit): Promise<string> {
  return opened.evaluate(() => {
    const active = document.activeElement
    return active?.id || active?.getAttribute('aria-label') || active?.textContent || ''
  })
}

page('a swarm: live, drawn on, paused, without a node that was killed, and stopped', () =>
  withCommands(async start => {
    const swarm = start(['swarm', ...endless, '--out', join(folder.path, 'runs')])
    const url = await urlOf(swarm)
    const seen = await visit(url)
    const { page: opened, hosts, faults } = seen
    await says(opened, '#round', /^\d+ of 1000000$/)
    await says(opened, '#score-value', /^\d+\.\d %$/)
    await says(opened, '#bytes-note', /^compressed \d+\.\d times$/)
    const before = Number.parseInt((await opened.textContent('#round')) ?? '')
    await opened.waitForFunction(round => parseInt(document.querySelector('#round')?.textContent ?? '') > round, before)
    await says(opened, '#activity', /^3 nodes learning$/)
    assert.equal(await opened.locator('#nodes th').allTextContents(), ['0', '1', '2'])
    await opened.waitForSelector('.edge.lit[d^=M]', { state: 'attached' })

    await drawSeven(opened)
    await says(opened, '#answer .best', /^\d/)
    assert.is(await opened.locator('#answer .bars li').count(), 10)
    assert.match((await opened.textContent('#answer')) ?? '', /Answered by node \d with model mnist of round \d+\./)
    const shares = await opened.locator('#answer .share').allTextContents()
    const sum = shares.reduce((total, share) => total + parseFloat(share), 0)
    assert.ok(Math.abs(sum - 100) < 1, `shares sum to ${sum} %`)

    await opened.click('#pause')
    await says(opened, '#activity', /^paused$/)
    await opened.click('#pause')
    await says(opened, '#activity', /^3 nodes learning$/)

    process.kill(childrenOf(swarm.pid)[1], 'SIGKILL')
    await says(opened, '#nodes tr[data-state=gone] .state', /^gone$/)
    await says(opened, '#activity', /^2 nodes learning, 1 gone$/)
    await says(opened, '#announce', /1 gone$/)
    await says(opened, '#log .warning', /ended unexpectedly/)
    assert.is(await opened.locator('#graph .node[data-state=gone]').count(), 1)
    assert.equal(faults, [])
    assert.equal([...hosts], [new URL(url).host])

    await stopByKeyboard(seen)
    assert.is((await swarm.ended()).code, 0, swarm.stderr)
    await says(opened, '#banner', /^It has stopped\. Last seen at /)
    await opened.context().close()
  })
)

/** As a person would, with the mouse. */
async function drawSeven(opened: Page): Promise<void> {
  const { x, y, width, height } = (await opened.locator('#pad').boundingBox())!
  const [first, ...others] = [
    [0.25, 0.2],
    [0.75, 0.2],
    [0.45, 0.85]
  ].map(([right, down]) => [x + right * width, y + down * height] as const)
  await opened.mouse.move(...first)
  await opened.mouse.down()
  for (const point of others) await opened.mouse.move(...point, { steps: 6 })
  await opened.mouse.up()
}

/** Cancel once, then stop; Tab and Enter only. */
async function stopByKeyboard(seen: Visit): Promise<void> {
  const { keyboard } = seen.page
  await seen.page.focus('#pause')
  await keyboard.press('Tab')
  assert.is(await focused(seen), 'stop')
  await keyboard.press('Enter')
  assert.is(await focused(seen), 'Keep learning')
  await keyboard.press('Enter')
  assert.is(await focused(seen), 'stop')
  await keyboard.press('Enter')
  await keyboard.press('Tab')
  assert.is(await focused(seen), 'confirm-stop')
  await keyboard.press('Enter')
}

page('a node alone: how to join, a row asked, and grey when it is gone', () =>
  withCommands(async start => {
    const home = join(folder.path, 'home')
    const flags = ['--home', home, '--host', '127.0.0.1', '--port', '0', '--http', '0', '--round-interval', '0.2']
    const node = start(['up', '--data', fixture('iris.csv'), ...flags])
    const { page: opened, faults } = await visit(await urlOf(node))
    await says(opened, '#alone', /No peers yet/)
    await says(opened, '#join', /^murmur join \/ip4\/\S+ --data/)
    await opened.fill('#rows-text', '5.1,3.5,1.4,0.2')
    await opened.click('#rows-form button[type=submit]')
    await says(opened, '#answer .best', /^(setosa|versicolor|virginica)/)
    await opened.fill('#rows-text', '5.1,3.5')
    await opened.click('#rows-form button[type=submit]')
    await says(opened, '#try-error', /Row 1 has 2 values; expected 4/)
    assert.equal(faults, [])
    node.signal('SIGKILL')
    await says(opened, '#banner', /^Disconnected\. Last seen at /)
    assert.match(await opened.evaluate(() => getComputedStyle(document.querySelector('main')!).filter), /grayscale/)
    assert.is(await opened.isDisabled('#stop'), true)
    await opened.context().close()
  })
)

/** A page of a swarm that this test moves on. */
async function withSwarm(nodes: number, run: (url: string, advance: () => void) => Promise<void>): Promise<void> {
  let round = 1
  const feed = new Feed(systemClock, () => liveState(nodes, round))
  const server = await openServer({ port: 0 }, async fastify => {
    await fastify.register(pageRoutes, { feed })
    fastify.get('/api/task', () => ({
      name: 'tulips',
      schema: { kind: 'image', imageShape: [28, 28, 1], label: { kind: 'class', name: 'label', classes: ['0', '1'] } }
    }))
  })
  const advance = (): void => {
    round++
    feed.addRound({
      round,
      seconds: round,
      loss: 1 / round,
      score: { mean: 1 - 1 / round, min: 0, max: 1 },
      consensus: 1 / round,
      bytes: 1000 * (round % 3),
      ratio: 3.9
    })
    feed.note('info', `round ${round}`)
  }
  try {
    await run(server.url, advance)
  } finally {
    await server.close()
  }
}

page('by keyboard alone', () =>
  withSwarm(4, async url => {
    const seen = await visit(url)
    const { page: opened } = seen
    const { keyboard } = opened
    await opened.waitForSelector('#graph .node[tabindex="0"]')
    const stops: string[] = []
    for (let i = 0; i < 16; i++) {
      await keyboard.press('Tab')
      stops.push(await focused(seen))
      const outline = await opened.evaluate(() => {
        const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement!)
        const shape = document.activeElement!.querySelector('.shape')
        return outlineStyle !== 'none'
          ? parseFloat(outlineWidth)
          : shape
            ? parseFloat(getComputedStyle(shape).strokeWidth)
            : 0
      })
      assert.ok(outline >= 1, `the focus on "${stops[i]}" can be seen`)
      if (stops[i].startsWith('nodes-title') || stops[i] === '0') break
    }
    assert.equal(stops.slice(0, 2), ['Skip to the swarm', 'Skip to trying the model'])
    assert.ok(stops.includes('pause') && stops.includes('pad') && stops.includes('image-file'), stops.join(', '))
    assert.is(stops.filter(stop => stop.startsWith('node ')).length, 1, 'the graph is one stop')

    await opened.focus('#graph .node[tabindex="0"]')
    await keyboard.press('ArrowRight')
    assert.match(await focused(seen), /^node 1: learning, round 1, accuracy /)
    await keyboard.press('Enter')
    assert.is(await opened.textContent('#details-title'), 'Node 1')
    await keyboard.press('Escape')
    assert.match(await focused(seen), /^node 1/)

    await opened.focus('#pad')
    for (const key of [' ', ...Array<string>(12).fill('ArrowDown'), ' ']) await keyboard.press(key)
    await opened.waitForSelector('#seen-figure:not([hidden])')
    const ink = await opened.evaluate(() => {
      const { data } = document.querySelector<HTMLCanvasElement>('#seen')!.getContext('2d')!.getImageData(0, 0, 28, 28)
      return data.filter((value, i) => i % 4 === 0 && value > 127).length
    })
    assert.ok(ink > 20 && ink < 150, `${ink} pixels of a line`)
    await opened.context().close()
  })
)

page('on a phone, in the dark and in the light', () =>
  withSwarm(8, async url => {
    const grounds: string[] = []
    for (const colorScheme of ['dark', 'light'] as const) {
      const { page: opened } = await visit(url, { viewport: { width: 360, height: 740 }, colorScheme })
      await says(opened, '#activity', /^8 nodes learning$/)
      const found = await opened.evaluate(() => {
        const { backgroundColor, color } = getComputedStyle(document.body)
        const small = [...document.querySelectorAll('button:not(.link), .button')].filter(
          element => element.getClientRects().length > 0 && element.getBoundingClientRect().height < 36
        )
        return { width: document.documentElement.scrollWidth, backgroundColor, color, small: small.length }
      })
      assert.is(found.width, 360, `${colorScheme}: nothing is wider than the page`)
      assert.is(found.small, 0, `${colorScheme}: what is tapped is large enough`)
      assert.ok(
        contrast(found.color, found.backgroundColor) > 7,
        `${colorScheme}: ${found.color} on ${found.backgroundColor}`
      )
      grounds.push(found.backgroundColor)
      await opened.context().close()
    }
    assert.is.not(grounds[0], grounds[1])
  })
)

/** Ratio of the luminances of two colours, as WCAG 2 defines it; from 1 to 21. */
function contrast(...colours: [string, string]): number {
  const [light, dark] = colours
    .map(colour => {
      const [red, green, blue] = colour.match(/\d+/g)!.map(text => {
        const value = Number(text) / 255
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    })
    .sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

page('with 64 nodes nothing on the page jumps', () =>
  withSwarm(64, async (url, advance) => {
    const { page: opened } = await visit(url)
    await says(opened, '#activity', /^64 nodes learning$/)
    // A new line of the log moves the others down, inside its own box; nothing else may move.
    await opened.evaluate(() => {
      const seen = window as unknown as { moved: string[] }
      seen.moved = []
      interface Shift extends PerformanceEntry {
        readonly sources: readonly { readonly node: Element | null }[]
      }
      new PerformanceObserver(list => {
        for (const { sources } of list.getEntries() as Shift[]) {
          for (const { node } of sources) if (node?.closest?.('#log') === null) seen.moved.push(node.outerHTML)
        }
      }).observe({ type: 'layout-shift' })
    })
    for (let i = 0; i < 12; i++) {
      advance()
      await says(opened, '#log li span', new RegExp(`^round ${i + 2}$`))
    }
    assert.equal(await opened.evaluate(() => (window as unknown as { moved: string[] }).moved), [])
    assert.is(await opened.locator('#graph .edge').count(), 5)
    await opened.context().close()
  })
)

const found = await openBrowser()
if (found === undefined)
  process.stdout.write('page in Chromium: skipped, no chromium here (apt-get install chromium)\n')
else {
  browser = found
  page.after(() => browser.close())
  page.run()
}
