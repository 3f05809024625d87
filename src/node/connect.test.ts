// connect and listen by address: sessions over TCP and Unix sockets, several targets, and clean ends.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, connect as dialRaw, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as bare from '../index.ts'
import { Budget } from '../session/budget.ts'
import type { Listener } from '../session/listener.ts'
import type { Session } from '../session/session.ts'
import { memory } from '../transports/memory.ts'
import { connect, listen, type Target } from './connect.ts'
import * as entry from './index.ts'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

function echo(session: Session): void {
  session.handleCall('echo', (bytes) => bytes)
  session.handle('echo', async (stream) => {
    for await (const chunk of stream) if (!stream.write(chunk)) await stream.ready
    stream.end()
  })
}

async function serving(t: TestContext, target: Target | Target[] = 'tcp://127.0.0.1:0'): Promise<Listener> {
  const listener = await listen(target, echo)
  t.after(() => listener.close())
  return listener
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'braid '))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test('connect reaches listen over TCP', async (t) => {
  const listener = await serving(t)
  const session = await connect(listener.url)
  assert.equal(session.remote.address, listener.url)
  assert.equal(text(await session.call('echo', Buffer.from('hello'))), 'hello')
  const [other] = listener.sessions
  assert.match(other!.remote.address, /^tcp:\/\/127\.0\.0\.1:\d+$/)
  await session.close()
  assert.equal(await other!.closed, undefined)
})

test('listen takes several targets of every kind', async (t) => {
  const path = join(folder(t), 'socket')
  const [left, right] = memory()
  const listener = await serving(t, ['tcp://127.0.0.1:0', `unix:${path}`, right])
  assert.equal(listener.urls.length, 3)
  assert.equal(listener.url, listener.urls[0])
  const targets: Target[] = [listener.urls[0]!, listener.urls[1]!, left]
  const sessions = await Promise.all(targets.map((target) => connect(target)))
  for (const session of sessions) assert.equal(text(await session.call('echo', Buffer.from('x'))), 'x')
  assert.equal(listener.sessions.size, 3)
  await listener.close()
  for (const session of sessions) assert.equal(await session.closed, undefined)
})

test('listen takes no target at all when it cannot take one', async (t) => {
  const place = folder(t)
  const taken = await serving(t)
  await assert.rejects(
    listen([`unix:${join(place, 'socket')}`, taken.url], echo),
    (error: Error & { code: string }) => error.code === 'BRAID_ADDRESS' && error.message.includes(taken.url),
  )
  assert.deepEqual(readdirSync(place), [])
})

test('connect takes a socket that is connected, or only connecting', async (t) => {
  const listener = await serving(t)
  const port = Number(new URL(listener.url).port)
  const socket = dialRaw({ port, host: '127.0.0.1' })
  const session = await connect(socket)
  assert.equal(text(await session.call('echo', Buffer.from('raw'))), 'raw')
  await session.close()
  assert.equal(socket.destroyed, true)
})

test('connect reaches a child over its standard input and output, and both end', async () => {
  const program = `
    import { listen } from 'braidwire'
    const { stdin: readable, stdout: writable } = process
    await listen({ readable, writable }, (session) => session.handleCall('pid', () => Buffer.from(String(process.pid))))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const session = await connect({ readable: child.stdout, writable: child.stdin })
  assert.equal(text(await session.call('pid', new Uint8Array(0))), String(child.pid))
  await session.close()
  assert.equal((await exited)[0], 0)
})

test('connect tells a wrong option or address before it dials', async () => {
  await assert.rejects(connect('tcp://127.0.0.1:1', { maxFrame: 1 }), { code: 'BRAID_INVALID_INPUT' })
  await assert.rejects(connect('127.0.0.1:1'), { code: 'BRAID_INVALID_INPUT' })
  await assert.rejects(listen('127.0.0.1:1', echo), { code: 'BRAID_INVALID_INPUT' })
  await assert.rejects(connect(7 as never), TypeError)
})

test('connect takes a dialTimeoutMs from 1 to 600000 and no other', async () => {
  for (const dialTimeoutMs of [0, 0.5, -1, 600_001, Number.NaN, Number.POSITIVE_INFINITY]) {
    await assert.rejects(connect('tcp://127.0.0.1:1', { dialTimeoutMs }), {
      code: 'BRAID_INVALID_INPUT',
      message: /dialTimeoutMs takes a number from 1 to 600000/,
    })
  }
})

test('listen whose signal aborts before or while it binds is CANCELLED, and nobody listens', async (t) => {
  const path = join(folder(t), 'socket')
  await assert.rejects(listen(`unix:${path}`, echo, { signal: AbortSignal.abort() }), { code: 'BRAID_CANCELLED' })
  const controller = new AbortController()
  const listening = listen([`unix:${path}`, 'tcp://127.0.0.1:0'], echo, { signal: controller.signal })
  controller.abort()
  await assert.rejects(listening, { code: 'BRAID_CANCELLED' })
  await assert.rejects(connect(`unix:${path}`), { code: 'BRAID_UNREACHABLE' })
})

test('connect gives up a listener that says nothing when its signal aborts', async (t) => {
  const accepted: Promise<Socket>[] = []
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  accepted.push(new Promise((resolve) => server.once('connection', resolve)))
  const controller = new AbortController()
  const connecting = connect(`tcp://127.0.0.1:${(server.address() as { port: number }).port}`, {
    signal: controller.signal,
  })
  const socket = await accepted[0]!
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.resume()
  controller.abort()
  await assert.rejects(connecting, { code: 'BRAID_CANCELLED' })
  await closed
})

test('drain of a listener lets what is open finish, over TCP', async (t) => {
  const listener = await serving(t)
  const session = await connect(listener.url)
  const stream = session.open('echo')
  stream.write(Buffer.from('before '))
  assert.equal(await stream.readable(), true)
  const drained = listener.drain(60_000)
  stream.write(Buffer.from('after'))
  stream.end()
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  assert.equal(Buffer.concat(chunks).toString(), 'before after')
  assert.deepEqual(await drained, { streams: 0, calls: 0 })
  assert.equal(await session.closed, undefined)
})

test('the entry for Node has all that the other entry has', () => {
  assert.deepEqual(Object.keys(entry).sort(), Object.keys(bare).sort())
})

test('connections of one host have so many places, those of a Unix socket as many, whatever their ports', async (t) => {
  const budget = new Budget({ sessionsPerAddress: 2 })
  const path = join(folder(t), 'socket')
  const listener = await listen(['tcp://127.0.0.1:0', `unix:${path}`], echo, { budget })
  t.after(() => listener.close())
  for (const url of listener.urls) {
    const sessions = [await connect(url), await connect(url)]
    await assert.rejects(connect(url), {
      code: 'BRAID_EXHAUSTED',
      initiator: 'remote',
      message: 'no more sessions are taken: the limit sessionsPerAddress (2) of the Budget is reached',
    })
    for (const session of sessions) assert.equal(text(await session.call('echo', Buffer.from('x'))), 'x')
  }
  assert.equal(listener.sessions.size, 4)
  assert.deepEqual(listener.stats().limits.sessionsPerAddress, { max: 2, used: 2, refused: 2 })
})

test('connect dials nobody when its own Budget has no place', async (t) => {
  const listener = await serving(t)
  const budget = new Budget({ sessions: 1 })
  const session = await connect(listener.url, { budget })
  await assert.rejects(connect(listener.url, { budget }), { code: 'BRAID_EXHAUSTED', initiator: 'local' })
  assert.equal(listener.stats().accepted, 1)
  await session.close()
  await (await connect(listener.url, { budget })).close()
})
