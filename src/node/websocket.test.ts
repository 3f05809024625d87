// WebSockets in Node over real sockets: addresses and paths, who is refused and with which words, limits, TLS, and a session that
// outlives its socket.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server as HttpServer, request } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, connect as dialRaw, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { BraidError } from '../engine/errors.ts'
import { Budget } from '../session/budget.ts'
import type { Listener } from '../session/listener.ts'
import type { Session } from '../session/session.ts'
import { connect as connectOver, listen as listenOver } from '../transports/connect.ts'
import { issue, selfSigned } from './certificate.ts'
import { connect, type ListenOptions, listen } from './connect.ts'

const echo = (session: Session): void => void session.handleCall('echo', (bytes) => bytes)

async function serving(t: TestContext, target: Parameters<typeof listen>[0], options: ListenOptions = {}) {
  const listener = await listen(target, echo, options)
  t.after(() => listener.close())
  return listener
}

async function httpServer(t: TestContext, server: HttpServer = createServer((_, response) => response.end('page'))) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return server
}

async function works(session: Session): Promise<void> {
  assert.deepEqual([...(await session.call('echo', Uint8Array.of(1, 2, 3)))], [1, 2, 3])
  await session.close()
}

const fails = (code: string, text: RegExp) => (thrown: unknown) => {
  const error = thrown as BraidError
  assert.equal(error.code, code, String(error))
  assert.match(error.message, text)
  return true
}

/** What a request for an upgrade is answered with. */
async function asked(url: string, headers: Record<string, string>, method = 'GET'): Promise<[number, string]> {
  const all = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol': 'braidwire',
    ...headers,
  }
  const outgoing = request(url.replace('ws:', 'http:'), { headers: all, method }).end()
  return new Promise((resolve, reject) => {
    outgoing.on('error', reject)
    outgoing.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve([101, response.headers['sec-websocket-protocol'] ?? ''])
    })
    outgoing.on('response', async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve([response.statusCode!, text])
    })
  })
}

test('connect reaches listen over ws, at the path and at no other', async (t) => {
  const listener = await serving(t, 'ws://127.0.0.1:0/mux')
  assert.match(listener.url, /^ws:\/\/127\.0\.0\.1:\d+\/mux$/)
  const session = await connect(`${listener.url}?token=secret`)
  const [other] = listener.sessions
  assert.equal(session.remote.address, listener.url)
  assert.match(other!.remote.address, /^ws:\/\/127\.0\.0\.1:\d+$/)
  assert.deepEqual([session.remote.confidential, other!.remote.confidential], [true, true])
  await works(session)
  assert.equal(await other!.closed, undefined)
  await assert.rejects(
    connect(`${listener.url}/more?token=secret`),
    fails('BRAID_UNREACHABLE', /ws:\/\/127\.0\.0\.1:\d+\/mux\/more: it answers with HTTP 404: no Braidwire is at this/),
  )
})

test('wss takes the options of tls, and tells what TLS refuses', async (t) => {
  const { cert, key, fingerprint } = selfSigned()
  const listener = await serving(t, 'wss://127.0.0.1:0', { tls: { cert, key } })
  const session = await connect(listener.url, { tls: { fingerprint } })
  assert.equal(session.remote.confidential, true)
  await works(session)
  await works(await connect(listener.url, { tls: { ca: cert } }))
  await assert.rejects(connect(listener.url), fails('BRAID_TLS', /self-signed/))
  await assert.rejects(connect(listener.url.replace('wss', 'ws')), fails('BRAID_UNREACHABLE', /hung up/))
  await assert.rejects(
    listen('wss://127.0.0.1:0', echo),
    fails('BRAID_INVALID_INPUT', /wss:\/\/ takes the options tls\./),
  )
  const plain = await serving(t, 'ws://127.0.0.1:0')
  await assert.rejects(connect(plain.url.replace('ws', 'wss')), fails('BRAID_TLS', /nobody speaks TLS there/))
  await assert.rejects(connect(plain.url, { tls: {} }), fails('BRAID_INVALID_INPUT', /tls:\/\/ or wss:\/\//))
})

test('a wss listener with ca takes only clients with a certificate, and sees it', async (t) => {
  const from = new Date(Date.now() - 86_400_000)
  const until = new Date(Date.now() + 86_400_000)
  const authority = issue({ name: 'authority', from, until, authority: true })
  const ada = issue({ name: 'ada', from, until }, authority)
  const { cert, key, fingerprint } = selfSigned()
  const listener = await serving(t, 'wss://127.0.0.1:0', { tls: { cert, key, ca: authority.cert } })
  const session = await connect(listener.url, { tls: { fingerprint, cert: ada.cert, key: ada.key } })
  await session.ping()
  const [there] = listener.sessions
  assert.equal((there!.remote.certificate as { subject: string }).subject, 'CN=ada')
  await works(session)
  await assert.rejects(connect(listener.url, { tls: { fingerprint } }), (error: BraidError) =>
    ['BRAID_TLS', 'BRAID_UNREACHABLE'].includes(error.code),
  )
})

test('a path of an HTTP server takes WebSockets, and leaves the rest to its owner', async (t) => {
  const server = await httpServer(t)
  const first = await serving(t, { server, path: '/a' })
  const second = await serving(t, { server })
  const { port } = server.address() as AddressInfo
  assert.deepEqual([first.url, second.url], [`ws://127.0.0.1:${port}/a`, `ws://127.0.0.1:${port}`])
  await works(await connect(first.url))
  await works(await connect(second.url))
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'page')
  assert.deepEqual(await asked(`${second.url}/b`, {}), [404, 'no WebSocket is at this path\n'])
  await assert.rejects(listen({ server, path: '/a' }, echo), fails('BRAID_ADDRESS', /in use/))
  for (const path of ['a', '/a?b', '']) {
    await assert.rejects(listen({ server, path }, echo), fails('BRAID_INVALID_INPUT', /begins with a slash/))
  }
  const session = await connect(first.url)
  await first.close()
  assert.equal(await session.closed, undefined)
  assert.deepEqual((await asked(first.url, {}))[0], 404)
  await works(await connect(second.url))
  await second.close()
  assert.equal(server.listenerCount('upgrade'), 0)
  assert.equal(server.listening, true)
})

test('what is no path of ours is left to others who take upgrades, and a server may listen later', async (t) => {
  const server = createServer()
  const listener = await serving(t, { server, path: '/mux' })
  assert.equal(listener.url, 'ws:/mux')
  server.on('upgrade', (incoming, socket) => {
    if (incoming.url === '/other') socket.end('HTTP/1.1 418 I am a teapot\r\nContent-Length: 0\r\n\r\n')
  })
  await httpServer(t, server)
  assert.equal((await asked(listener.url.replace('/mux', '/other'), {}))[0], 418)
  await works(await connect(listener.url))
})

test('a path of an HTTPS server is wss', async (t) => {
  const { cert, key, fingerprint } = selfSigned()
  const server = await httpServer(t, createSecureServer({ cert, key }))
  const listener = await serving(t, { server, path: '/mux' })
  assert.match(listener.url, /^wss:/)
  const session = await connect(listener.url, { tls: { fingerprint } })
  assert.equal([...listener.sessions][0]!.remote.confidential, true)
  await works(session)
})

test('the page of another host is refused, unless origins names it', async (t) => {
  const byDefault = await serving(t, 'ws://127.0.0.1:0')
  const own = byDefault.url.replace('ws:', 'http:')
  assert.deepEqual(await asked(byDefault.url, { Origin: own }), [101, 'braidwire'])
  assert.deepEqual(await asked(byDefault.url, {}), [101, 'braidwire'])
  const [status, sentence] = await asked(byDefault.url, { Origin: 'https://evil.example' })
  assert.equal(status, 403)
  assert.match(sentence, /pages of this origin may not connect here.*option origins/)

  const server = await httpServer(t)
  for (const target of ['ws://127.0.0.1:0', { server }]) {
    const listed = await serving(t, target, { origins: ['https://app.example'] })
    assert.equal((await asked(listed.url, { Origin: 'https://app.example' }))[0], 101)
    assert.equal((await asked(listed.url, { Origin: listed.url.replace('ws:', 'http:') }))[0], 403)
  }
  await assert.rejects(
    listen('tcp://127.0.0.1:0', echo, { origins: [] }),
    fails('BRAID_INVALID_INPUT', /origins is for/),
  )
  await assert.rejects(
    listen('ws://127.0.0.1:0', echo, { origins: ['x'] }),
    fails('BRAID_INVALID_INPUT', /takes origins/),
  )
})

test('connect tells of a refusal with the status and the sentence', async (t) => {
  const statuses: [number, string, string, RegExp][] = [
    [403, 'text/plain', 'not you', /refuses this side with HTTP 403: not you$/],
    [401, 'text/html', '<b>log in</b>', /with HTTP 401$/],
    [503, 'text/plain', 'later\n', /it answers with HTTP 503: later$/],
    [200, 'text/html', 'a page', /HTTP 200: perhaps no Braidwire is at that path$/],
  ]
  for (const [status, type, body, text] of statuses) {
    const server = await httpServer(
      t,
      createServer((_, response) => response.writeHead(status, { 'Content-Type': type }).end(body)),
    )
    const { port } = server.address() as AddressInfo
    const code = status === 401 || status === 403 ? 'BRAID_DENIED' : 'BRAID_UNREACHABLE'
    await assert.rejects(connect(`ws://127.0.0.1:${port}/`), fails(code, text))
  }
})

test('connect tells who is no WebSocket, or none of ours', async (t) => {
  const answers: [string, RegExp][] = [
    ['SSH-2.0-OpenSSH_9\r\n', /nobody speaks HTTP there/],
    ['', /hung up in the handshake/],
  ]
  for (const [answer, text] of answers) {
    const server = createTcpServer((socket) => socket.on('error', () => {}).end(answer)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    await assert.rejects(connect(`ws://127.0.0.1:${port}/`), fails('BRAID_UNREACHABLE', text))
  }
  const silent = createTcpServer((socket) => void socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const { port } = silent.address() as AddressInfo
  await assert.rejects(
    connect(`ws://127.0.0.1:${port}/`, { dialTimeoutMs: 50 }),
    fails('BRAID_UNREACHABLE', /no end of the handshake within 50 ms/),
  )
  const tcp = await serving(t, 'ws://127.0.0.1:0')
  await assert.rejects(connect(tcp.url.replace('ws', 'tcp')), fails('BRAID_PROTOCOL', /does not speak Braidwire/))
})

test('whoever asks for something else is told what this is', async (t) => {
  const { url } = await serving(t, 'ws://127.0.0.1:0')
  const page = await fetch(url.replace('ws:', 'http:'))
  assert.equal(page.status, 426)
  assert.equal(page.headers.get('upgrade'), 'websocket')
  assert.match(await page.text(), /this is Braidwire: connect with a WebSocket and the subprotocol "braidwire"/)
  const [status, sentence] = await asked(url, { 'Sec-WebSocket-Protocol': 'graphql-ws, braidwired' })
  assert.equal(status, 400)
  assert.match(sentence, /ask for the subprotocol "braidwire"/)
  assert.equal((await asked(url, { 'Sec-WebSocket-Key': 'x' }))[0], 400)
  assert.deepEqual(await asked(url, { 'Sec-WebSocket-Protocol': 'x, braidwire' }), [101, 'braidwire'])
})

/** A WebSocket of somebody who has another program. */
async function stranger(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, 'braidwire')
  socket.on('error', () => {})
  await once(socket, 'open')
  return socket
}

test('a text message, and one that is too large, end the connection with the code for it', async (t) => {
  const { url } = await serving(t, 'ws://127.0.0.1:0')
  const [chatter, flood] = [await stranger(url), await stranger(url)]
  chatter.send('hello')
  assert.equal((await once(chatter, 'close'))[0], 1003)
  flood.send(new Uint8Array(1024 * 1024 + 1))
  assert.equal((await once(flood, 'close'))[0], 1009)
})

/** Resolves when the other side has ended the connection. */
function ended(socket: Socket): Promise<void> {
  return new Promise(
    (resolve) =>
      void socket
        .on('error', () => {})
        .on('close', () => resolve())
        .resume(),
  )
}

test('who connects and asks for nothing is bounded in time and in number, like any who shakes hands', async (t) => {
  const budget = new Budget({ handshakes: 2 })
  const listener = await serving(t, 'ws://127.0.0.1:0', { budget, helloTimeoutMs: 100 })
  const { hostname: host, port } = new URL(listener.url)
  const strangers = [1, 2, 3].map(() => dialRaw({ host, port: Number(port) }))
  await Promise.all(strangers.map(ended))
  assert.equal(budget.stats().handshakes.refused, 1)
  while (listener.stats().handshaking > 0) await turn()
  await works(await connect(listener.url))
})

test('at an HTTP server who finds no place is told so before the upgrade', async (t) => {
  const server = await httpServer(t)
  const { url } = await serving(
    t,
    { server },
    { budget: new Budget({ handshakes: 1 }), authorize: () => new Promise(() => {}) },
  )
  // Twice the bound, counting who is just being sent away: they do not answer that they are closing.
  const raw = [1, 2].map(() => dialRaw({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }))
  t.after(() => raw.map((socket) => socket.destroy()))
  for (const socket of raw) {
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: braidwire\r\n\r\n',
    )
    await once(socket, 'data')
  }
  assert.deepEqual(await asked(url, {}), [503, 'too many connections are shaking hands: try again later\n'])
})

/** Passes connections on until told to break them. */
async function proxy(t: TestContext, url: string): Promise<{ url: string; cut(): void }> {
  const sockets = new Set<Socket>()
  const port = Number(new URL(url).port)
  const server = createTcpServer((near) => {
    const far = dialRaw({ host: '127.0.0.1', port })
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => other.destroy())
      socket.pipe(other)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
    sockets.clear()
  }
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mux`, cut }
}

test('a session outlives its WebSocket: nothing is lost or doubled', async (t) => {
  const chunks: number[] = []
  let ran = 0
  const onSession = (session: Session): void => {
    session.handleCall('count', () => Uint8Array.of(++ran))
    session.handle('bytes', async (stream) => {
      for await (const chunk of stream) chunks.push(...chunk.subarray(0, 1))
      stream.end()
    })
  }
  const listener = await listen('ws://127.0.0.1:0/mux', onSession, { resume: true })
  t.after(() => listener.close())
  const between = await proxy(t, listener.url)
  const session = await connect(between.url, { reconnect: true, random: () => 0 })
  await session.call('count', new Uint8Array(0))
  const stream = session.open('bytes')
  const calls: Promise<Uint8Array>[] = []
  for (let number = 0; number < 30; number++) {
    if (!stream.write(new Uint8Array(50_000).fill(number))) await stream.ready
    calls.push(session.call('count', new Uint8Array(0)))
    if (number % 10 === 5) between.cut()
  }
  stream.end()
  await Promise.all(calls)
  assert.equal(await stream.closed, undefined)
  assert.equal(ran, 31)
  assert.deepEqual([...new Set(chunks)], [...Array(30).keys()])
  await session.close()
})

test('where there is no Node, connect and listen take WebSockets, and connect dials with the global one', async (t) => {
  const listener: Listener = await serving(t, 'ws://127.0.0.1:0')
  await works(await connectOver(new WebSocket(listener.url, 'braidwire')))
  const before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket')
  Object.defineProperty(globalThis, 'WebSocket', { value: WebSocket, configurable: true })
  t.after(() => {
    if (before === undefined) Reflect.deleteProperty(globalThis, 'WebSocket')
    else Object.defineProperty(globalThis, 'WebSocket', before)
  })
  await works(await connectOver(listener.url))
  const resumable = await listen('ws://127.0.0.1:0/mux', echo, { resume: true })
  t.after(() => resumable.close())
  const between = await proxy(t, resumable.url)
  const session = await connectOver(between.url, { reconnect: true, random: () => 0 })
  await session.ping()
  between.cut()
  await works(session)
  await assert.rejects(connectOver('tcp://127.0.0.1:1'), fails('BRAID_INVALID_INPUT', /dials ws:/))
  await assert.rejects(connectOver(new WebSocket(listener.url), { reconnect: true }), { code: 'BRAID_INVALID_INPUT' })
})

test('a socket of ws that never opens fails the session it was given to, and nothing else', async () => {
  const session = connect(new WebSocket('ws://127.0.0.1:1/', 'braidwire'))
  await assert.rejects(session, fails('BRAID_TRANSPORT_LOST', /ECONNREFUSED/))
})

test('listen takes a WebSocket that somebody else accepted', async (t) => {
  const { WebSocketServer } = await import('ws')
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(sockets, 'listening')
  t.after(() => sockets.close())
  sockets.on('connection', (socket) => void listenOver(socket, echo))
  await works(await connect(`ws://127.0.0.1:${(sockets.address() as AddressInfo).port}/`))
})
