// messagePort over real ports and workers, and over hand-made ones where a thread would be too obedient.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { connectSession } from '../session/start.ts'
import { messagePort, type PortLike } from './message-port.ts'
import { Recorder } from './recorder.test.ts'

const OPEN = 'braidwire/1 open'
const MiB = 1024 * 1024

function channel(t: TestContext): [MessagePort, MessagePort] {
  const { port1, port2 } = new MessageChannel()
  t.after(() => {
    port1.close()
    port2.close()
  })
  return [port1, port2]
}

/** A worker that runs this code, ended after the test. */
function worker(t: TestContext, code: string): Worker {
  const thread = new Worker(code, { eval: true, stderr: true })
  t.after(() => thread.terminate())
  return thread
}

/** Until what was posted before, and the answers to it, have come: many more hops than that takes. */
async function turned(): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  for (let hop = 0; hop < 10; hop++) {
    port1.postMessage('')
    await once(port2, 'message')
  }
  port1.close()
}

/** The global scope of a worker, or a Worker, as the web has them: events with data, and what comes while nobody listens is lost. */
class WebEnd extends EventTarget implements PortLike {
  other: WebEnd | undefined
  listeners = 0

  postMessage(data: unknown): void {
    queueMicrotask(() => this.other?.dispatchEvent(Object.assign(new Event('message'), { data })))
  }
  terminate(): void {}
}

function webPair(): [WebEnd, WebEnd] {
  const [one, other] = [new WebEnd(), new WebEnd()]
  one.other = other
  other.other = one
  return [one, other]
}

test('messagePort carries chunks in order, those of one flush in one message', async (t) => {
  const [a, b] = channel(t)
  const left = messagePort(a)
  new Recorder(left)
  const right = new Recorder(messagePort(b))
  await turned()
  left.send([Buffer.from('one '), Buffer.from('two ')])
  left.send([Buffer.from('three')])
  await right.received(13)
  assert.equal(right.text, 'one two three')
  assert.equal(right.chunks.length, 2)
  for (const chunk of right.chunks) assert.equal(chunk.constructor, Uint8Array)
})

test('messagePort sends a view without the rest of its buffer, and leaves both to the sender', async (t) => {
  const [a, b] = channel(t)
  const left = messagePort(a)
  new Recorder(left)
  const right = new Recorder(messagePort(b))
  const slab = new Uint8Array(MiB).fill(7)
  const whole = new Uint8Array(100_000).fill(8)
  left.send([slab.subarray(10, 20)])
  left.send([whole])
  await right.received(100_010)
  assert.deepEqual([slab.length, whole.length], [MiB, 100_000])
  for (const chunk of right.chunks) assert.equal(chunk.buffer.byteLength, chunk.length)
})

test('messagePort with transfer gives whole buffers away and copies all else, in order', async (t) => {
  const [a, b] = channel(t)
  const left = messagePort(a, { transfer: true })
  new Recorder(left)
  const right = new Recorder(messagePort(b))
  await turned()
  const whole = new Uint8Array(65_536).fill(1)
  const small = new Uint8Array(100).fill(2)
  const slab = new Uint8Array(100_000).fill(3)
  const shared = new Uint8Array(new SharedArrayBuffer(20_000)).fill(4)
  left.send([small, whole, slab.subarray(0, 50_000), shared])
  await right.received(135_636)
  assert.deepEqual([small.length, whole.length, slab.length, shared.length], [100, 0, 100_000, 20_000])
  const all = Buffer.concat(right.chunks)
  assert.deepEqual([all[0], all[100], all[65_636], all[115_636], all.length], [2, 1, 3, 4, 135_636])
})

test('messagePort waits for an end that starts later', async (t) => {
  const [a, b] = channel(t)
  const left = messagePort(a)
  const sender = new Recorder(left)
  assert.equal(left.send([Buffer.from('early')]), true)
  assert.equal(left.send([new Uint8Array(MiB)]), false)
  await turned()
  assert.equal(sender.drains, 0)
  const right = new Recorder(messagePort(b))
  await right.received(MiB + 5)
  await sender.drainedOnce
})

test('messagePort between web workers loses nothing that was sent before the other one listened', async () => {
  const [page, scope] = webPair()
  const session = connectSession(messagePort(page))
  for (let turn = 0; turn < 10; turn++) await null
  const other = await connectSession(messagePort(scope), {}, 'listener')
  other.handleCall('echo', (bytes) => bytes.slice())
  assert.deepEqual([...(await (await session).call('echo', Uint8Array.of(9)))], [9])
  await other.close()
  assert.equal(await (await session).closed, undefined)
  // the same worker carries another session, which the farewell of the first does not end
  // nor what was still on its way when it was given up
  const late = new Recorder(messagePort(page))
  for (const message of [Uint8Array.of(1), 7, 'braidwire/1 close']) scope.postMessage(message)
  await turned()
  assert.deepEqual([late.length, late.closings.length], [0, 0])
  page.dispatchEvent(new Event('messageerror'))
  const [again, more] = await Promise.all([connectSession(messagePort(page)), connectSession(messagePort(scope))])
  await again.ping()
  await more.close()
})

test('messagePort is full at 1 MiB that nobody has taken, also in tiny messages, and tells once when there is room', async (t) => {
  for (const size of [64 * 1024, 1]) {
    const [a, b] = channel(t)
    const left = messagePort(a)
    const sender = new Recorder(left)
    const right = messagePort(b)
    const receiver = new Recorder(right)
    await turned()
    right.pause()
    let sent = 1
    while (left.send([new Uint8Array(size)])) sent++
    assert.equal(sent, Math.ceil(MiB / (size + 256)))
    await turned()
    assert.deepEqual([receiver.length, sender.drains], [0, 0])
    right.resume()
    await sender.drainedOnce
    await receiver.received(sent * size)
    assert.equal(sender.drains, 1)
  }
})

test('messagePort that is paused delivers what came, and then the end, when it is resumed', async (t) => {
  const [a, b] = channel(t)
  const left = messagePort(a)
  const right = messagePort(b)
  const sender = new Recorder(left)
  const receiver = new Recorder(right)
  await turned()
  right.pause()
  left.send([Buffer.from('one')])
  left.send([Buffer.from('two')])
  left.close()
  await turned()
  assert.deepEqual([receiver.length, receiver.closings.length], [0, 0])
  right.resume()
  assert.equal(receiver.text, 'onetwo')
  assert.equal(await receiver.closed, undefined)
  assert.equal(await sender.closed, undefined)
})

test('messagePort that is closed delivers what was sent, ends both sides once, and closes the port', async (t) => {
  const [a, b] = channel(t)
  const [left, right] = [messagePort(a), messagePort(b)]
  const [one, other] = [new Recorder(left), new Recorder(right)]
  await turned()
  left.send([Buffer.from('last')])
  left.close()
  left.close()
  assert.equal(left.send([Buffer.from('too late')]), true)
  const gone = once(b, 'close')
  assert.deepEqual([await one.closed, await other.closed], [undefined, undefined])
  right.close()
  await gone
  assert.equal(other.text, 'last')
  assert.deepEqual([one.closings.length, other.closings.length], [1, 1])
})

test('messagePort closed before the other end started ends at once, and the other end when it starts', async (t) => {
  const [a, b] = channel(t)
  const left = messagePort(a)
  const one = new Recorder(left)
  left.close()
  assert.equal(one.closings.length, 1)
  assert.equal(await new Recorder(messagePort(b)).closed, undefined)
})

test('messagePort says that the port was closed by somebody else', async (t) => {
  const [a, b] = channel(t)
  const one = new Recorder(messagePort(a))
  b.close()
  assert.match((await one.closed)?.message ?? '', /the other end of the port is gone/)
})

test('messagePort ends both sides at what is none of its messages, and says what came', async (t) => {
  const cases: [unknown, RegExp][] = [
    ['hello', /not Braidwire's \(of type string\)/],
    [{ type: 'ready' }, /of type object/],
    [null, /\(null\)/],
    [[1], /an array/],
    [-1, /of type number/],
    [1e9, /of type number/],
    [Number.NaN, /of type number/],
    [OPEN, /start of another session/],
  ]
  for (const [message, text] of cases) {
    const [a, b] = channel(t)
    const one = new Recorder(messagePort(a))
    const other = new Recorder(messagePort(b))
    await turned()
    b.postMessage(message)
    const error = await one.closed
    assert.ok(error instanceof TypeError)
    assert.match(error.message, text)
    assert.equal(await other.closed, undefined)
  }
})

test('messagePort says why a worker is gone', async (t) => {
  const idle = "require('node:worker_threads').parentPort.on('message', () => {})"
  const cases: [string, RegExp][] = [
    ["throw new Error('it broke')", /it broke/],
    ['process.exit(3)', /exit code 3/],
    [idle, /exit code 1/],
    ['', /exit code 0/],
  ]
  for (const [code, text] of cases) {
    const thread = worker(t, code)
    const one = new Recorder(messagePort(thread))
    if (code === idle) void once(thread, 'online').then(() => thread.terminate())
    assert.match((await one.closed)?.message ?? '', text)
  }
})

test('messagePort fails with a web worker that cannot be started, and outlives an error in one that can', async () => {
  const [broken] = webPair()
  const one = new Recorder(messagePort(broken))
  broken.dispatchEvent(new Event('error'))
  assert.match((await one.closed)?.message ?? '', /could not be started/)

  const [page, scope] = webPair()
  const [near, far] = [messagePort(page), messagePort(scope)]
  new Recorder(near)
  const other = new Recorder(far)
  near.send([Buffer.from('one')])
  await other.received(3)
  page.dispatchEvent(Object.assign(new Event('error'), { message: 'uncaught' }))
  near.send([Buffer.from('two')])
  await other.received(6)
})

test('messagePort fails when a message cannot be read', async () => {
  const [page] = webPair()
  const one = new Recorder(messagePort(page))
  page.dispatchEvent(new Event('messageerror'))
  assert.match((await one.closed)?.message ?? '', /could not be read/)
})

test('messagePort keeps 2 MiB for a session that is paused, and fails at more, which no Braidwire sends', async () => {
  const [page, scope] = webPair()
  const transport = messagePort(page)
  const sink = new Recorder(transport)
  scope.postMessage(OPEN)
  await turned()
  transport.pause()
  for (let sent = 0; sent < 31; sent++) scope.postMessage(new Uint8Array(64 * 1024))
  await turned()
  assert.deepEqual([sink.length, sink.closings.length], [0, 0])
  scope.postMessage(new Uint8Array(64 * 1024))
  assert.match((await sink.closed)?.message ?? '', /more came over the port/)
  assert.equal(sink.length, 0)
})
