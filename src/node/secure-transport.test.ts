// Handshakes of strangers: bounded in time and number, cut anywhere, and never the end of the listener.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, connect as dialRaw, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { connect as tlsDial } from 'node:tls'
import { Budget } from '../session/budget.ts'
import type { Listener } from '../session/listener.ts'
import type { Session } from '../session/session.ts'
import { selfSigned } from './certificate.ts'
import { connect, type ListenOptions, listen } from './connect.ts'

const own = selfSigned()
const tls = { cert: own.cert, key: own.key }
const trusting = { tls: { ca: own.cert } }
const echo = (session: Session): void => void session.handleCall('echo', (bytes) => bytes)

async function serving(t: TestContext, options: ListenOptions = {}): Promise<Listener> {
  const listener = await listen('tls://127.0.0.1:0', echo, { ...options, tls })
  t.after(() => listener.close())
  return listener
}

async function works(session: Session): Promise<void> {
  assert.equal((await session.call('echo', Uint8Array.of(1, 2, 3))).length, 3)
  await session.close()
}

test('listen bounds handshakes that never end, in number', async (t) => {
  const listener = await serving(t, { budget: new Budget({ handshakes: 3 }) })
  const port = Number(/\d+$/.exec(listener.url)![0])
  const sockets = Array.from({ length: 10 }, () => dialRaw({ host: '127.0.0.1', port }).on('error', () => {}))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  let ended = 0
  for (const socket of sockets) {
    // The first bytes of a handshake, and no more.
    socket.write(Buffer.of(0x16, 0x03, 0x01))
    socket.on('close', () => ended++).resume()
  }
  while (ended < 7) await turn()
  const { handshaking, refused } = listener.stats()
  assert.deepEqual([handshaking, refused], [3, 7])
  // And keeps nobody out.
  await works(await connect(listener.url, trusting))
})

test('listen bounds handshakes that never end, in time', async (t) => {
  const listener = await serving(t, { helloTimeoutMs: 50 })
  const port = Number(/\d+$/.exec(listener.url)![0])
  const silent = dialRaw({ host: '127.0.0.1', port }).on('error', () => {})
  const secured = tlsDial({ host: '127.0.0.1', port, ca: own.cert, ALPNProtocols: ['braidwire/1'] })
  secured.on('error', () => {})
  // Neither says a word; both are gone without having been told one.
  await Promise.all([once(silent.resume(), 'close'), once(secured.resume(), 'close')])
  assert.equal(silent.bytesRead, 0)
  while (listener.stats().handshaking > 0) await turn()
})

test('listen survives strangers that send garbage, an alert, or half a handshake', async (t) => {
  const listener = await serving(t)
  const port = Number(/\d+$/.exec(listener.url)![0])
  for (const bytes of [
    'GET / HTTP/1.1\r\n\r\n',
    '\x15\x03\x01\x00\x02\x02\x28',
    '\x16\x03\x01\x02\x00\x01',
    '\xf5BRD\r\n\x1a\x01',
  ]) {
    const socket = dialRaw({ host: '127.0.0.1', port }).on('error', () => {})
    socket.end(Buffer.from(bytes, 'latin1'))
    await once(socket.resume(), 'close')
  }
  while (listener.stats().handshaking > 0) await turn()
  await works(await connect(listener.url, trusting))
})

/** The first flight of a client: what it sends to a server that says nothing. */
async function clientHello(t: TestContext): Promise<Buffer> {
  const silent = createServer().listen(0, '127.0.0.1')
  t.after(() => silent.close())
  await once(silent, 'listening')
  const { port } = silent.address() as { port: number }
  const first = once(silent, 'connection').then(([socket]) => once(socket as Socket, 'data'))
  const socket = tlsDial({ host: '127.0.0.1', port, ALPNProtocols: ['braidwire/1'] }).on('error', () => {})
  const [bytes] = (await first) as [Buffer]
  socket.destroy()
  return bytes
}

test('listen survives handshakes cut at every byte, politely and not', async (t) => {
  const hello = await clientHello(t)
  assert.ok(hello.length > 100)
  const listener = await serving(t)
  const port = Number(/\d+$/.exec(listener.url)![0])
  const cutAt = (length: number): Promise<unknown> => {
    const socket = dialRaw({ host: '127.0.0.1', port }).on('error', () => {})
    socket.write(hello.subarray(0, length), () => (length % 2 === 0 ? socket.end() : socket.resetAndDestroy()))
    return once(socket.resume(), 'close')
  }
  for (let length = 1; length <= hello.length; length += 50) {
    const lengths = Array.from({ length: Math.min(50, hello.length - length + 1) }, (_, n) => length + n)
    await Promise.all(lengths.map(cutAt))
  }
  while (listener.stats().handshaking > 0) await turn()
  await works(await connect(listener.url, trusting))
})

test('close ends handshakes under way', async () => {
  const listener = await listen('tls://127.0.0.1:0', echo, { tls })
  const socket = dialRaw({ host: '127.0.0.1', port: Number(/\d+$/.exec(listener.url)![0]) }).on('error', () => {})
  const gone = once(socket.resume(), 'close')
  while (listener.stats().handshaking === 0) await turn()
  await listener.close()
  await gone
})
