// Run by node build/test/webrtc/pages.js (npm run test:webrtc): WebRTC between two pages of Chromium, and between a page and Node, with
// signalling over WebSockets. Needs the package chromium of the system, or CHROMIUM with the path of another.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { connect, type Listener, listen } from 'braidwire'
import { build } from 'esbuild'
import { cleanup } from 'node-datachannel'
import { RTCPeerConnection } from 'node-datachannel/polyfill'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { introduce, meet, type PeerLike } from '../../examples/webrtc/signalling.ts'
import { sendFile, takeFiles } from '../../examples/webrtc/transfer.ts'

const FILE_BYTES = 8 * 1024 * 1024
/** One in twenty failed with channels that Chromium hands over by the event datachannel. */
const ROUNDS = 200
const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Chromium names this machine's own address to other peers only with these, and to pages that may use camera and microphone. */
const FLAGS = [
  '--no-sandbox',
  '--allow-loopback-in-peer-connection',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
]

/** What examples/webrtc/page.ts and rounds.ts give the page. */
interface Globals {
  offer(url: string, length: number): Promise<string>
  answer(url: string): Promise<string>
  waiting?: boolean
  rounds(count: number): Promise<number>
}

/**
 * Run in each page first. Peers reach each other over the loopback only, whatever other networks this machine has; and what
 * became of the way between them is kept, to be told when it fails.
 */
const WATCHED = `{
  const told = (globalThis.told = [])
  const tell = (what) => told.push(Math.round(performance.now()) + ' ms: ' + what)
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor() {
      super()
      for (const state of ['signalingState', 'iceGatheringState', 'iceConnectionState', 'connectionState']) {
        this.addEventListener(state.toLowerCase() + 'change', () => tell(state + ' ' + this[state]))
      }
      this.addEventListener('icecandidate', ({ candidate }) => tell('found ' + candidate?.candidate))
    }
    createDataChannel(label, options) {
      const channel = super.createDataChannel(label, options)
      channel.addEventListener('open', () => tell('open'))
      return channel
    }
    async addIceCandidate(candidate) {
      tell('given ' + candidate.candidate)
      if (/ (127\\.0\\.0\\.1|::1) /.test(candidate.candidate)) await super.addIceCandidate(candidate)
    }
  }
}`

let browser: Browser
let context: BrowserContext
let listener: Listener
const server = createServer()
let origin = ''

before(async () => {
  if (!existsSync(PROGRAM)) {
    throw new Error(`${PROGRAM} is missing: apt-get install -y --no-install-recommends chromium, or set CHROMIUM`)
  }
  const entryPoints = [fileURLToPath(new URL('rounds.js', import.meta.url))]
  const { outputFiles } = await build({
    entryPoints,
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    ignoreAnnotations: true,
  })
  const script = outputFiles[0]!.text
  server.on('request', (request, response) => {
    const isScript = request.url === '/page.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? script : '<!doctype html><title>peer</title><script type="module" src="/page.js"></script>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  listener = await listen({ server, path: '/signals' }, introduce)
  browser = await chromium.launch({ executablePath: PROGRAM, args: FLAGS })
  context = await browser.newContext()
  await context.addInitScript({ content: WATCHED })
  await context.grantPermissions(['camera', 'microphone'], { origin })
})

after(async () => {
  await browser?.close()
  await listener?.close()
  server.closeAllConnections()
  server.close()
  cleanup()
})

async function page(): Promise<Page> {
  const opened = await context.newPage()
  await opened.goto(origin)
  await opened.waitForFunction('globalThis.answer !== undefined')
  return opened
}

/** What a page does, whose failure says what has become of the way between each of the pages and its peer. */
async function telling(doing: Promise<string>): Promise<string> {
  return doing.catch(async (error: Error) => {
    const pages = context.pages().map((page) => page.evaluate('globalThis.told.join("\\n")').catch(String))
    throw new Error(`${error.message}\n${(await Promise.all(pages)).join('\n\n')}`)
  })
}

const offering = (from: Page): Promise<string> =>
  telling(
    from.evaluate(([url, length]) => (globalThis as unknown as Globals).offer(url, length), [
      listener.url,
      FILE_BYTES,
    ] as const),
  )

/** Resolves when the page waits to be called, with how its session ends. */
async function answering(to: Page): Promise<{ readonly end: Promise<string> }> {
  const end = to.evaluate((url) => (globalThis as unknown as Globals).answer(url), listener.url)
  await to.waitForFunction('globalThis.waiting === true')
  return { end }
}

const newPeer = () => new RTCPeerConnection({ bindAddress: '127.0.0.1' } as object) as unknown as PeerLike

test('a file goes from page to page', async () => {
  const [one, other] = [await page(), await page()]
  const { end } = await answering(other)
  assert.equal(await offering(one), `${FILE_BYTES} bytes arrived`)
  assert.equal(await end, 'closed')
})

test('two peers hear each other from the first byte, however often they meet', async () => {
  const meeting = (await page()).evaluate((count) => (globalThis as unknown as Globals).rounds(count), ROUNDS)
  assert.equal(await telling(meeting.then(String)), String(ROUNDS))
})

test('a file goes from a page to Node', async (t) => {
  const peer = newPeer()
  t.after(() => peer.close())
  const coming = meet(await connect(listener.url), peer, 'answer').then((session) => {
    takeFiles(session)
    return session.closed
  })
  assert.equal(await offering(await page()), `${FILE_BYTES} bytes arrived`)
  assert.equal(await coming, undefined)
})

test('a file goes from Node to a page', async (t) => {
  const peer = newPeer()
  t.after(() => peer.close())
  const { end } = await answering(await page())
  const session = await meet(await connect(listener.url), peer, 'offer')
  assert.equal(await sendFile(session, FILE_BYTES), `${FILE_BYTES} bytes arrived`)
  await session.close()
  assert.equal(await end, 'closed')
})

test('a page that is closed ends the session of its peer', async (t) => {
  const peer = newPeer()
  t.after(() => peer.close())
  const other = await page()
  const { end } = await answering(other)
  end.catch(() => {})
  const session = await meet(await connect(listener.url), peer, 'offer')
  await session.ping()
  await other.close()
  assert.equal((await session.closed)?.code, 'BRAID_TRANSPORT_LOST')
})
