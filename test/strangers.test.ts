// Strangers on the port, and peers that vanish: a real listener in a process of its own, real sockets against it.

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect as dialRaw, type Socket } from 'node:net'
import { after, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { connect } from 'braidwire'
import type { Report, ServerOptions } from './strangers-server.ts'

const MiB = 1024 * 1024
const PREFACE = Buffer.from('f54252440d0a1a01', 'hex')
const HELLO = Buffer.from('000d00020101020480010000404600', 'hex')
const CLOSE_SLOW_PEER = Buffer.from('0d', 'hex')

class Server {
  readonly child: ChildProcess
  url = ''

  constructor(options: ServerOptions) {
    const program = fileURLToPath(new URL('./strangers-server.js', import.meta.url))
    this.child = fork(program, [JSON.stringify(options)], { execArgv: ['--expose-gc'] })
  }

  async report(): Promise<Report> {
    const answer = once(this.child, 'message') as Promise<[Report]>
    this.child.send('report')
    return (await answer)[0]
  }
}

/** Starts a server; it ends with the tests. */
async function start(options: ServerOptions = {}): Promise<Server> {
  const server = new Server(options)
  after(async () => {
    const gone = once(server.child, 'exit')
    server.child.disconnect()
    await gone
  })
  server.url = (await server.report()).url
  return server
}

/** A connection to the server by somebody who speaks no Braidwire. Everything it is sent is kept. */
class Stranger {
  readonly socket: Socket
  readonly connected: Promise<unknown>
  /** Resolves with what was received when the server has ended the connection. */
  readonly ended: Promise<Buffer>
  readonly #received: Buffer[] = []

  constructor(url: string) {
    const { hostname: host, port } = new URL(url)
    this.socket = dialRaw({ host, port: Number(port) })
    this.connected = new Promise((resolve) => this.socket.once('connect', resolve))
    this.socket.on('data', (chunk: Buffer) => this.#received.push(chunk))
    this.socket.on('error', () => {}) // being reset is as good as being ended
    this.ended = new Promise((resolve) => this.socket.once('close', () => resolve(Buffer.concat(this.#received))))
  }
}

async function isServed(url: string): Promise<void> {
  const session = await connect(url)
  assert.deepEqual(Buffer.from(await session.call('echo', Buffer.from('honest'))), Buffer.from('honest'))
  await session.close()
}

/** A ClientHello of TLS 1.2, as far as matters: record header, handshake header, version, the start of the random bytes. */
const CLIENT_HELLO = Buffer.from(`16030100c8010000c40303${'5a'.repeat(32)}00`, 'hex')

const wrong: readonly (readonly [string, Buffer])[] = [
  ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ['a TLS ClientHello', CLIENT_HELLO],
  ['an SSH greeting', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
  ['a wrong byte', Buffer.from('x')],
  ['our preface with its last text byte wrong', Buffer.from('f54252440d0a1b01', 'hex')],
  ['many bytes of no meaning', Buffer.alloc(MiB, 'no meaning at all, ')],
]

/** Waits a minute for the HELLO: whoever it closes within the time of a test was closed for what it said. */
const patient = start({ helloTimeoutMs: 60_000 })
/** Waits half a second. */
const strict = start({ helloTimeoutMs: 500 })

for (const [name, bytes] of wrong) {
  test(`${name} is closed at once and told nothing`, { timeout: 10_000 }, async () => {
    const server = await patient
    const stranger = new Stranger(server.url)
    stranger.socket.write(bytes)
    assert.equal((await stranger.ended).length, 0)
    await isServed(server.url)
  })
}

const slow: readonly (readonly [string, (socket: Socket) => unknown])[] = [
  ['silence', () => {}],
  ['half a preface', (socket) => socket.write(PREFACE.subarray(0, 4))],
  ['a preface a byte at a time', (socket) => dribble(socket, PREFACE)],
]

/** Sends a byte now and then, slowly enough that the last one would come too late. */
function dribble(socket: Socket, bytes: Buffer): void {
  let at = 0
  const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), 80)
  socket.once('close', () => clearInterval(timer))
}

for (const [name, say] of slow) {
  test(`${name} is closed when its time is over and told nothing`, { timeout: 10_000 }, async () => {
    const server = await strict
    const stranger = new Stranger(server.url)
    say(stranger.socket)
    assert.equal((await stranger.ended).length, 0)
    await isServed(server.url)
  })
}

const unfinished: readonly (readonly [string, (socket: Socket) => unknown])[] = [
  ['a preface and nothing more', (socket) => socket.write(PREFACE)],
  ['half a HELLO', (socket) => socket.write(Buffer.concat([PREFACE, HELLO.subarray(0, 6)]))],
  [
    'a HELLO a byte at a time',
    (socket) => {
      socket.write(PREFACE)
      dribble(socket, HELLO)
    },
  ],
]

for (const [name, say] of unfinished) {
  test(`${name} is told that it was too slow, and closed`, { timeout: 10_000 }, async () => {
    const server = await strict
    const stranger = new Stranger(server.url)
    say(stranger.socket)
    const received = await stranger.ended
    assert.deepEqual(received.subarray(0, 8), PREFACE)
    const close = received.lastIndexOf(0xa8)
    assert.ok(close > 0, 'no CLOSE frame')
    assert.deepEqual(received.subarray(close + 2, close + 3), CLOSE_SLOW_PEER)
  })
}

/** Of four manners of saying too little, each is used by a quarter of a crowd. */
const manners = [Buffer.alloc(0), PREFACE.subarray(0, 5), PREFACE, Buffer.concat([PREFACE, HELLO.subarray(0, 9)])]

async function crowd(t: TestContext, url: string, size: number): Promise<Stranger[]> {
  const strangers: Stranger[] = []
  t.after(() => {
    for (const stranger of strangers) stranger.socket.destroy()
  })
  for (let i = 0; i < size; i++) {
    const stranger = new Stranger(url)
    strangers.push(stranger)
    stranger.socket.write(manners[i % manners.length]!)
  }
  await Promise.all(strangers.map((stranger) => stranger.connected))
  return strangers
}

test('600 strangers at once cost less than 150 MiB, and the next honest client is served', {
  timeout: 30_000,
}, async (t) => {
  const server = await start()
  await isServed(server.url)
  const before = await server.report()
  await crowd(t, server.url, 600)
  await isServed(server.url)
  const during = await server.report()
  assert.ok(during.accepted >= before.accepted + 600)
  assert.ok(during.handshakes >= 600, `${during.handshakes} are shaking hands`)
  const growth = during.rss - before.rss
  assert.ok(growth < 150 * MiB, `${(growth / MiB).toFixed(1)} MiB`)
})

test('strangers beyond the bound push the oldest of them out, and the next honest client is served', async (t) => {
  const server = await start({ budget: { handshakes: 100 } })
  const strangers = await crowd(t, server.url, 300)
  await isServed(server.url)
  // the first silent one; the others of the first four were told something before
  assert.equal((await strangers[0]!.ended).length, 0)
  await strangers[3]!.ended
  const { handshakes } = await server.report()
  assert.ok(handshakes <= 100, `${handshakes} are shaking hands`)
})
