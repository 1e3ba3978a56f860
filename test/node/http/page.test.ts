import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Feed } from '../../../node/http/feed.js'
import type { LiveSnapshot } from '../../../node/http/live.js'
import { pageRoutes } from '../../../node/http/page.js'
import { openServer, type HttpServer } from '../../../node/http/server.js'
import { FakeClock } from '../../helpers/fake-clock.js'
import { liveState } from '../../helpers/live.js'
import { within } from '../../helpers/within.js'

const page = suite('page and events over HTTP')

async function serving(run: (url: string, server: HttpServer, feed: Feed) => Promise<void>): Promise<void> {
  const feed = new Feed(new FakeClock(), () => liveState(2, 1))
  const server = await openServer({ port: 0 }, async fastify => {
    await fastify.register(pageRoutes, { feed })
  })
  try {
    await within(run(server.url, server, feed), 5000, 'the page')
  } finally {
    await server.close()
  }
}

page('serves itself with a policy that allows nothing from elsewhere', () =>
  serving(async url => {
    const response = await fetch(url)
    assert.is(response.status, 200)
    assert.match(response.headers.get('content-security-policy')!, /^default-src 'self'/)
    const html = await response.text()
    assert.not.match(html, /https?:|<style|style="|<script>| on[a-z]+="/)
    for (const [, path] of html.matchAll(/(?:src|href)="(\/[^"]*)"/g)) {
      assert.is((await fetch(url + path)).status, 200, path)
    }
  })
)

page('serves nothing but its own files', () =>
  serving(async url => {
    for (const path of [
      '/index.html',
      '/../package.json',
      '/%2e%2e/package.json',
      '/main.js.map',
      '/main.d.ts',
      '//main.js'
    ]) {
      assert.is((await fetch(url + path)).status, 404, path)
    }
  })
)

page('sends events, and ends them when the server stops', () =>
  serving(async (url, server) => {
    const response = await fetch(`${url}/api/events`)
    assert.is(response.headers.get('content-type'), 'text/event-stream')
    assert.is(response.headers.get('cache-control'), 'no-store')
    assert.match(response.headers.get('content-security-policy')!, /default-src/)
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes('\n\nevent: snapshot')) text += (await reader.read()).value
    const closed = server.close()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      text += value
    }
    await closed
    const [retry, snapshot, end] = text.trim().split('\n\n')
    assert.match(retry, /^retry: \d+$/)
    const data = JSON.parse(snapshot.split('\ndata: ')[1]) as LiveSnapshot
    assert.is(data.state.nodes.length, 2)
    assert.is(end, 'event: end\ndata: {}')
  })
)

page('forgets pages that were closed, and refuses too many', () =>
  serving(async (url, _, feed) => {
    const open = await Promise.all(
      Array.from({ length: 32 }, async () => {
        const controller = new AbortController()
        await fetch(`${url}/api/events`, { signal: controller.signal })
        return controller
      })
    )
    assert.is(feed.clients, 32)
    const refused = await fetch(`${url}/api/events`)
    assert.is(refused.status, 503)
    assert.match(((await refused.json()) as { error: string }).error, /32 pages are open already/)
    for (const controller of open) controller.abort()
    while (feed.clients > 0) await new Promise<void>(resolve => setImmediate(resolve))
  })
)

page('gives the run as a file', () =>
  serving(async (url, _, feed) => {
    feed.note('info', 'begun')
    const response = await fetch(`${url}/api/run`)
    assert.match(response.headers.get('content-disposition')!, /^attachment; filename="murmur-run.json"$/)
    const { state, notes } = (await response.json()) as LiveSnapshot
    assert.equal([state.task.name, notes.map(({ text }) => text)], ['tulips', ['begun']])
  })
)

page.run()
