import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome']

/** Chromium of this machine without a window; undefined when there is none. The tests install nothing. */
export async function openBrowser(): Promise<Browser | undefined> {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const executablePath = folders.flatMap(folder => names.map(name => join(folder, name))).find(existsSync)
  if (executablePath === undefined) return undefined
  // Root has no sandbox to give; pages of our own server need none.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
}
