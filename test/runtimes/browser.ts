// node build/test/runtimes/browser.js
// Runs the suite in headless Chromium, in a page and in a dedicated worker, under a policy that forbids evaluated code; prints the matrix.

import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { relay } from './relay.ts'
import type { Report } from './suite.ts'
import { passed, table } from './table.ts'

/** Where Debian and others put it; CHROMIUM says where else. */
const PLACES = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Longest the suite may take in one of them, in ms. */
const SUITE_MS = 300_000

/** Nothing inline, nothing evaluated, nothing from elsewhere; of strings only one policy may make script. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "connect-src 'self' ws:",
  "require-trusted-types-for 'script'",
  'trusted-types suite',
].join('; ')

/** What is served: a page for the suite, one for its worker, and their scripts. */
async function files(): Promise<Map<string, readonly [type: string, text: string]>> {
  const { outputFiles } = await build({
    entryPoints: { suite: place('./page.js'), starter: place('./starter.js') },
    outdir: 'out',
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // What streamx asks of Node: a browser has the package for Bare in its place.
    alias: { events: 'bare-events' },
  })
  const script = (name: string) => outputFiles.find(({ path }) => path.endsWith(`${name}.js`))?.text ?? ''
  const page = (name: string) =>
    ['text/html', `<!doctype html><title>${name}</title><script type="module" src="/${name}.js"></script>`] as const
  return new Map<string, readonly [type: string, text: string]>([
    ['/page', page('suite')],
    ['/worker', page('starter')],
    ['/suite.js', ['text/javascript', script('suite')]],
    ['/starter.js', ['text/javascript', script('starter')]],
  ])
}

function place(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}

async function serve(): Promise<Server> {
  const served = await files()
  const server = createServer((request, response) => {
    const file = cut(request.url ?? '') ? (['text/plain', 'cut'] as const) : served.get(request.url ?? '')
    const [type, text] = file ?? ['text/plain', 'not found']
    response.writeHead(file === undefined ? 404 : 200, { 'content-type': type, 'content-security-policy': POLICY })
    response.end(text)
  })
  const cut = relay(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

async function reports(executablePath: string, origin: string): Promise<Report[]> {
  // Root may not sandbox; what runs here is this project.
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const found: Report[] = []
    for (const name of ['page', 'worker']) {
      const page = await browser.newPage()
      const offences: string[] = []
      page.on('pageerror', ({ message }) => offences.push(message))
      page.on('console', (message) => {
        // The icon every browser asks for, and does not get.
        if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico'))
          offences.push(message.text())
      })
      await page.goto(`${origin}/${name}`)
      const body = page.locator('body')
      await body.filter({ hasText: /\}/ }).waitFor({ timeout: SUITE_MS })
      const report = JSON.parse((await body.textContent()) ?? '') as Report & { failed?: string }
      if (report.failed !== undefined) throw new Error(report.failed)
      const policy: Report['outcomes'][number] = {
        name: 'page policy',
        run: 1,
        failures: offences.map((text) => ({ case: 'nothing is reported as an error or a violation', text })),
        cannot: [],
      }
      found.push({ runtime: `${report.runtime} ${browser.version()}`, outcomes: [...report.outcomes, policy] })
      await page.close()
    }
    return found
  } finally {
    await browser.close()
  }
}

const executable = PLACES.find((path) => path !== '' && existsSync(path))
if (executable === undefined) {
  process.stderr.write('no Chromium: install it (Debian: apt-get install chromium), or say in CHROMIUM where it is\n')
  process.exit(1)
}
const server = await serve()
try {
  const found = await reports(executable, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  process.stdout.write(table(found))
  process.exitCode = found.every(passed) ? 0 : 1
} finally {
  server.close()
  server.closeAllConnections()
}
