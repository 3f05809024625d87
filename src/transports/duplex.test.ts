// duplexTransport over real sockets, pipes, pairs and hand-made doubles: what it sends, when it waits, how it ends.

import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { Duplex, PassThrough, Writable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { NOTHING_KEPT } from '../session/transport.ts'
import { type DuplexLike, duplexTransport, type WritableLike } from './duplex.ts'
import { Recorder } from './recorder.test.ts'

async function listening(t: TestContext, options: { allowHalfOpen?: boolean } = {}): Promise<[Server, number]> {
  const server = createServer({ ...options, noDelay: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return [server, (server.address() as { port: number }).port]
}

/** Both ends of one TCP connection, destroyed after the test. */
async function socketPair(t: TestContext, options: { allowHalfOpen?: boolean } = {}): Promise<[Socket, Socket]> {
  const [server, port] = await listening(t, options)
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const dialled = connect({ port, host: '127.0.0.1', ...options })
  await once(dialled, 'connect')
  const [peer] = await accepted
  t.after(() => {
    dialled.destroy()
    peer.destroy()
  })
  return [dialled, peer]
}

test('duplexTransport carries chunks in order over a socket', async (t) => {
  const [a, b] = await socketPair(t)
  const left = duplexTransport(a)
  new Recorder(left)
  const right = new Recorder(duplexTransport(b))
  left.send([Buffer.from('one '), Buffer.from('two ')])
  left.send([Buffer.from('three')])
  await right.received(13)
  assert.equal(right.text, 'one two three')
})

test('duplexTransport sends several chunks in one write', () => {
  const batches: number[] = []
  const writable = new Writable({
    writev(chunks, done) {
      batches.push(chunks.length)
      done()
    },
    write(_chunk, _encoding, done) {
      batches.push(1)
      done()
    },
  })
  const transport = duplexTransport({ readable: new PassThrough(), writable })
  new Recorder(transport)
  transport.send([Buffer.from('a'), Buffer.from('b'), Buffer.from('c')])
  transport.send([Buffer.from('d')])
  assert.deepEqual(batches, [3, 1])
})

test('duplexTransport does not ask for a wait when the kernel took everything at once', async (t) => {
  const [a, b] = await socketPair(t)
  const left = duplexTransport(a)
  const sender = new Recorder(left)
  const right = new Recorder(duplexTransport(b))
  // over the high-water mark of a socket, under the room in the kernel
  assert.equal(left.send([Buffer.alloc(32 * 1024), Buffer.alloc(32 * 1024)]), true)
  await right.received(64 * 1024)
  assert.equal(sender.drains, 0)
})

test('duplexTransport asks for a wait when bytes wait, and tells once when there is room', async (t) => {
  const [a, b] = await socketPair(t)
  const left = duplexTransport(a)
  const sender = new Recorder(left)
  b.pause()
  const chunk = Buffer.alloc(1024 * 1024)
  let sent = 1
  while (left.send([chunk])) sent++
  assert.ok(a.writableLength > 0)
  const right = new Recorder(duplexTransport(b))
  await sender.drainedOnce
  await right.received(sent * chunk.length)
  assert.equal(sender.drains, 1)
})

test('duplexTransport waits by the answer of write where nothing else is known', async () => {
  class Bare extends EventEmitter implements DuplexLike {
    write(): boolean {
      return false
    }
    end() {}
    pause() {}
    resume() {}
    destroy() {}
  }
  const bare = new Bare()
  const transport = duplexTransport(bare)
  const sink = new Recorder(transport)
  assert.equal(transport.send([Buffer.from('x')]), false)
  bare.emit('drain')
  bare.emit('drain')
  assert.equal(sink.drains, 1)
})

test('duplexTransport pauses and resumes delivery', async (t) => {
  const [a, b] = await socketPair(t)
  const left = duplexTransport(a)
  const right = duplexTransport(b)
  const sink = new Recorder(right)
  new Recorder(left)
  right.pause()
  assert.equal(b.isPaused(), true)
  left.send([Buffer.from('later')])
  assert.equal(sink.length, 0)
  right.resume()
  assert.equal(b.isPaused(), false)
  await sink.received(5)
  assert.equal(sink.text, 'later')
})

test("duplexTransport ends at the other side's end and leaves no socket behind", async (t) => {
  const [a, b] = await socketPair(t, { allowHalfOpen: true })
  const sink = new Recorder(duplexTransport(a))
  b.end()
  assert.equal(await sink.closed, undefined)
  assert.equal(a.destroyed, true)
})

test('duplexTransport says why when the connection is reset', async (t) => {
  const [a, b] = await socketPair(t)
  const sink = new Recorder(duplexTransport(a))
  b.resetAndDestroy()
  const error = (await sink.closed) as NodeJS.ErrnoException
  assert.equal(error.code, 'ECONNRESET')
  assert.equal(a.destroyed, true)
})

test('duplexTransport close hands over what was sent, then ends both sides', async (t) => {
  const [a, b] = await socketPair(t)
  const left = duplexTransport(a)
  const sink = new Recorder(left)
  const right = duplexTransport(b)
  const other = new Recorder(right)
  const bytes = 8 * 1024 * 1024
  left.send([Buffer.alloc(bytes)])
  left.close()
  assert.equal(await other.closed, undefined)
  assert.equal(other.length, bytes)
  assert.equal(await sink.closed, undefined)
  assert.equal(a.destroyed && b.destroyed, true)
})

test('duplexTransport close loses no last bytes though bytes of the other side lie unread', async (t) => {
  const [a, b] = await socketPair(t, { allowHalfOpen: true })
  const left = duplexTransport(a)
  const sink = new Recorder(left)
  left.pause()
  b.write(Buffer.alloc(256 * 1024))
  left.send([Buffer.from('goodbye')])
  left.close()
  const received: Buffer[] = []
  b.on('data', (chunk: Buffer) => received.push(chunk))
  await once(b, 'end')
  b.end()
  await sink.closed
  assert.equal(Buffer.concat(received).toString(), 'goodbye')
  assert.equal(sink.length, 0)
})

test('duplexTransport close gives up after two seconds on a side that never ends', async (t) => {
  const [a] = await socketPair(t, { allowHalfOpen: true })
  const left = duplexTransport(a)
  const sink = new Recorder(left)
  left.send([Buffer.from('x')])
  t.mock.timers.enable({ apis: ['setTimeout'] })
  left.close()
  t.mock.timers.tick(1999)
  assert.equal(sink.closings.length, 0)
  t.mock.timers.tick(1)
  assert.deepEqual(sink.closings, [undefined])
  assert.equal(a.destroyed, true)
})

test('duplexTransport close waits for nobody when nothing was sent', async (t) => {
  const [a, b] = await socketPair(t, { allowHalfOpen: true })
  const left = duplexTransport(a)
  const sink = new Recorder(left)
  left.close()
  assert.deepEqual(sink.closings, [undefined])
  b.resume()
  await once(b, 'end')
})

test('duplexTransport tells its end exactly once, whatever happens afterwards', async (t) => {
  const [a, b] = await socketPair(t)
  const left = duplexTransport(a)
  const sink = new Recorder(left)
  b.destroy()
  await sink.closed
  left.close()
  assert.equal(left.send([Buffer.from('x')]), true)
  a.emit('error', new Error('late'))
  a.emit('end')
  a.emit('close')
  assert.equal(sink.closings.length, 1)
})

test('duplexTransport over a duplex that is already gone ends after start', async () => {
  const gone = new PassThrough()
  gone.destroy()
  const sink = new Recorder(duplexTransport(gone))
  assert.equal(sink.closings.length, 0)
  assert.equal(await sink.closed, undefined)
})

test('duplexTransport remembers a failure that came before start', async () => {
  const duplex = new Duplex({ read() {}, write() {} })
  const transport = duplexTransport(duplex)
  duplex.destroy(new Error('early'))
  await new Promise((resolve) => duplex.once('close', resolve))
  const sink = new Recorder(transport)
  assert.match(String(await sink.closed), /early/)
})

test('duplexTransport closed before start destroys the duplex', () => {
  const duplex = new PassThrough()
  duplexTransport(duplex).close()
  assert.equal(duplex.destroyed, true)
})

test('duplexTransport refuses a duplex with an encoding', async () => {
  const duplex = new PassThrough({ encoding: 'utf8' })
  const sink = new Recorder(duplexTransport(duplex))
  duplex.write('text')
  assert.ok((await sink.closed) instanceof TypeError)
})

test('duplexTransport of a pair ends when either half is destroyed', async () => {
  for (const half of ['readable', 'writable'] as const) {
    const pair = { readable: new PassThrough(), writable: new PassThrough() }
    const sink = new Recorder(duplexTransport(pair))
    pair[half].destroy()
    await sink.closed
    assert.equal(pair.readable.destroyed && pair.writable.destroyed, true)
  }
})

test('duplexTransport names the other side by its address', async (t) => {
  const [a, b] = await socketPair(t)
  assert.equal(duplexTransport(a).remote, `tcp://127.0.0.1:${a.remotePort}`)
  assert.equal(duplexTransport(b, { remote: 'somebody' }).remote, 'somebody')
  assert.equal(duplexTransport(new PassThrough()).remote, 'duplex')
  assert.equal(duplexTransport(a).confidential, undefined)
  assert.equal(duplexTransport(b, { confidential: true }).confidential, true)
})

test('duplexTransport gives way after 5 ms of reading, once a turn, and minds who paused it', () => {
  const carrier = Object.assign(new EventEmitter(), {
    flowing: false,
    pause() {
      carrier.flowing = false
    },
    resume() {
      carrier.flowing = true
    },
    write: () => true,
    end() {},
    destroy() {},
  })
  let now = 0
  const tasks: (() => void)[] = []
  const transport = duplexTransport(carrier, { turns: { now: () => now, next: (task) => tasks.push(task) } })
  const read = (ms: number) => carrier.emit('data', Uint8Array.of(ms))
  transport.start({
    bytes: ([ms]) => {
      now += ms as number
    },
    drained() {},
    closed() {},
  })
  read(4)
  now += 100 // others work
  assert.equal(carrier.flowing, true)
  read(1)
  assert.equal(carrier.flowing, false)
  read(9) // was on its way
  transport.pause()
  transport.resume()
  assert.deepEqual([carrier.flowing, tasks.length], [false, 1])
  tasks.shift()?.()
  assert.equal(carrier.flowing, true)
  read(5)
  transport.pause()
  tasks.shift()?.()
  assert.equal(carrier.flowing, false)
  transport.resume()
  assert.equal(carrier.flowing, true)
})

test('duplexTransport believes write where the length of what waits is not told, as of pipes in Bun', () => {
  let room = true
  const writable = new EventEmitter() as EventEmitter & WritableLike
  Object.assign(writable, { write: () => room, end() {}, destroy() {}, cork() {}, uncork() {}, writableLength: 0 })
  const transport = duplexTransport({ readable: new PassThrough(), writable })
  const sink = new Recorder(transport)
  assert.equal(transport.send([Buffer.from('a')]), true)
  room = false
  assert.equal(transport.send([Buffer.from('b')]), false)
  writable.emit('drain')
  assert.equal(sink.drains, 1)
})

test('duplexTransport gives memory back to a lender alone, and only what nothing was kept of', () => {
  const lent = new PassThrough()
  let givenBack = 0
  const answers = [NOTHING_KEPT, NOTHING_KEPT, NOTHING_KEPT, false, undefined, NOTHING_KEPT, NOTHING_KEPT]
  const lender = { giveBack: () => givenBack++ }
  duplexTransport(lent).start({ bytes: () => answers.shift(), drained() {}, closed() {} })
  const told = [{ address: '::1' }, 'text', null, lender, lender, lender, lender]
  for (const each of told) lent.emit('data', Buffer.from('x'), each)
  assert.deepEqual([answers.length, givenBack], [0, 2])
})
