// The pump: one write for what is done in a turn, waiting for a transport that is full, and an end that always comes.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createEngine } from '../engine/engine.ts'
import { BraidError } from '../engine/errors.ts'
import { parseOptions } from '../engine/options.ts'
import { ManualClock } from '../testing/pair.ts'
import { memory } from '../transports/memory.ts'
import { Pump, type PumpOwner } from './pump.ts'
import type { Session } from './session.ts'
import { startSession } from './start.ts'
import type { Stream } from './stream.ts'
import type { Transport, TransportSink } from './transport.ts'

const filled = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value)
const none = new Uint8Array(0)

/** A transport that writes down what is asked of it, over another. */
class Watched implements Transport {
  readonly remote = 'watched'
  readonly sizes: number[] = []
  sink: TransportSink | undefined
  full = false
  closes = 0
  onSend: () => void = () => {}
  private readonly inner: Transport | undefined

  constructor(inner?: Transport) {
    this.inner = inner
  }
  start(sink: TransportSink): void {
    this.sink = sink
    this.inner?.start(sink)
  }
  send(chunks: Uint8Array[]): boolean {
    this.sizes.push(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
    this.inner?.send(chunks)
    this.onSend()
    return !this.full
  }
  pause(): void {
    this.inner?.pause()
  }
  resume(): void {
    this.inner?.resume()
  }
  close(): void {
    this.closes++
    this.inner?.close()
  }
}

test('pump sends all calls of a turn in one write, and their answers in few, the first of which do not wait for the last', async () => {
  const [near, far] = memory()
  const [left, right] = [new Watched(near), new Watched(far)]
  const [a, b] = [startSession(left), startSession(right)]
  b.handleCall('sync', (bytes) => bytes)
  b.handleCall('async', async (bytes) => bytes)
  await a.ping()
  for (const method of ['sync', 'async']) {
    left.sizes.length = 0
    right.sizes.length = 0
    await Promise.all(Array.from({ length: 100 }, () => a.call(method, filled(64))))
    assert.equal(left.sizes.length, 1, method)
    // 68 bytes an answer; with the last go 36 of an acknowledgement.
    const written = right.sizes.map((size) => Math.floor(size / 68))
    assert.deepEqual(written, [4, 16, 64, 16], method)
    right.sizes.length = 0
    await Promise.all([a.call(method, filled(64)), a.call(method, filled(64)), a.call(method, filled(64))])
    assert.equal(right.sizes.length, 1, method)
  }
  await a.close()
})

test('pump does not wait for the end of the turn when much is queued', async () => {
  const [near, far] = memory()
  const left = new Watched(near)
  const [a, b] = [startSession(left), startSession(far)]
  b.handle('s', (stream) => stream.receive({ data: () => {}, end: () => {}, failed: () => {} }))
  const stream = a.open('s')
  await stream.ready
  await a.ping()
  left.sizes.length = 0
  stream.write(filled(200_000))
  assert.equal(left.sizes.length, 0)
  stream.write(filled(100_000))
  assert.ok(left.sizes.length > 0)
  await a.close()
})

test('pump sends nothing to a transport that is full until it has drained', async () => {
  const [near, far] = memory()
  const left = new Watched(near)
  const [a, b] = [startSession(left), startSession(far)]
  b.handleCall('x', (bytes) => bytes)
  await a.ping()
  left.full = true
  const first = a.call('x', filled(1))
  await first
  const sent = left.sizes.length
  const second = a.call('x', filled(2))
  for (let i = 0; i < 20; i++) await turn()
  assert.equal(left.sizes.length, sent)
  left.full = false
  left.sink?.drained()
  assert.equal((await second).length, 2)
  await a.close()
})

test('pump gives up sending CLOSE to a transport that stays full', async () => {
  const clock = new ManualClock()
  const left = new Watched()
  left.full = true
  const a = startSession(left, { clock })
  await new Promise<void>((resolve) => (left.onSend = resolve))
  const closed = a.close()
  while (clock.pending === 0) await turn()
  clock.advance(1999)
  assert.equal(left.closes, 0)
  clock.advance(1)
  assert.equal(left.closes, 1)
  left.sink?.closed()
  await closed
  assert.equal(clock.pending, 0)
})

test('pump gives up a transport that never tells that it is gone', async () => {
  const clock = new ManualClock()
  const left = new Watched()
  const a = startSession(left, { clock })
  const closed = a.close()
  while (left.closes === 0) await turn()
  clock.advance(5000)
  await closed
  assert.equal(await a.closed, undefined)
  assert.equal(clock.pending, 0)
})

test('pump takes a transport that throws for one that failed', async () => {
  const left = new Watched()
  left.onSend = () => {
    throw new Error('EPIPE')
  }
  const a = startSession(left)
  const error = await a.closed
  assert.equal(error?.code, 'BRAID_TRANSPORT_LOST')
  assert.match(error?.message ?? '', /EPIPE/)
})

test('pump ignores what comes after the end of the transport', async () => {
  const left = new Watched()
  const a = startSession(left)
  left.sink?.closed(new Error('reset'))
  left.sink?.closed()
  left.sink?.bytes(filled(10))
  left.sink?.drained()
  const error = await a.closed
  assert.match(error?.message ?? '', /reset/)
  assert.equal(error?.scope, 'transport')
  await a.close()
})

test('pump says of who hangs up before a word what may be wrong with him, and of others that they did not say goodbye', async () => {
  const heard = new Watched()
  const other = startSession(heard)
  heard.sink?.bytes(filled(1, 0xf5))
  heard.sink?.closed()
  assert.match((await other.closed)?.message ?? '', /^watched ended the connection without a goodbye$/)
  const mute = new Watched()
  const session = startSession(mute)
  mute.sink?.closed()
  assert.match((await session.closed)?.message ?? '', /before it said anything: it may be full, or .*tls:\/\//)
})

test('pump passes on what a transport says of its own end', async () => {
  const watched = new Watched()
  const session = startSession(watched)
  const error = new BraidError('TLS', 'the certificate was refused', { scope: 'transport' })
  watched.sink?.closed(error)
  assert.equal(await session.closed, error)
})

test('pump cuts a transport once, without goodbye, and hears nothing of it afterwards', () => {
  const told: string[] = []
  const left = new Watched()
  const clock = new ManualClock()
  const engine = createEngine(parseOptions(), { waitForPreface: false, gate: false, random: () => 0 })
  const owner: PumpOwner = {
    event: (event) => told.push(event.type),
    receiving: () => undefined,
    received: () => told.push('received'),
    flushed: () => undefined,
    lost: (error) => {
      told.push(error.message)
      engine.lost(error)
    },
    gone: () => told.push('gone'),
    broken: (thrown) => told.push(String(thrown)),
  }
  const pump = new Pump(engine, left, clock, owner, 30_000)
  pump.start()
  const error = new BraidError('TRANSPORT_LOST', 'nothing came', { scope: 'transport' })
  pump.cut(error)
  pump.cut(error)
  left.sink?.bytes(filled(10))
  left.sink?.closed()
  assert.deepEqual(told, ['nothing came', 'closed', 'gone'])
  assert.deepEqual(left.sizes, [])
  assert.equal(left.closes, 1)
  assert.equal(clock.pending, 0)
})

test('pump hands out what an event causes after that event, not within it', () => {
  const told: string[] = []
  const left = new Watched()
  const init = { waitForPreface: false, gate: false, random: () => 0 }
  const engine = createEngine(parseOptions(), init)
  const owner: PumpOwner = {
    event: ({ type }) => {
      told.push(`${type} begins`)
      if (type === 'hello') pump.cut(new BraidError('TRANSPORT_LOST', 'enough', { scope: 'transport' }))
      told.push(`${type} ends`)
    },
    receiving: () => undefined,
    received: () => undefined,
    flushed: () => undefined,
    lost: (error) => engine.lost(error),
    gone: () => told.push('gone'),
    broken: (thrown) => told.push(String(thrown)),
  }
  const pump = new Pump(engine, left, new ManualClock(), owner, 30_000)
  pump.start()
  const greeting: Uint8Array[] = []
  createEngine(parseOptions(), init).transmit(greeting, 65_536, 0)
  for (const chunk of greeting) left.sink?.bytes(chunk)
  assert.deepEqual(told, ['hello begins', 'hello ends', 'closed begins', 'closed ends', 'gone'])
})

test('pump lets a transport end while an event is handled', async () => {
  const [near, far] = memory()
  const left = new Watched(near)
  const [a, b] = [startSession(left), startSession(far)]
  a.handleCall('x', (bytes) => {
    left.sink?.closed(new Error('gone'))
    return bytes
  })
  const call = b.call('x', none)
  const error = await a.closed
  assert.equal(error?.code, 'BRAID_TRANSPORT_LOST')
  near.close()
  await assert.rejects(call, { code: 'BRAID_TRANSPORT_LOST' })
})

test('session that was closed keeps no process alive, nor does one that is forgotten', async () => {
  const pairUrl = import.meta.resolve('../testing/pair.js')
  const script = `
    import { pair } from ${JSON.stringify(pairUrl)}
    const [a, b] = pair()
    b.handleCall('x', (bytes) => bytes)
    await a.call('x', new Uint8Array(1), { timeout: 60_000 })
    await a.close()
    const [c, d] = pair()
    d.handle('s', () => {})
    c.open('s').write(new Uint8Array(1_000_000))
    await c.ping()
    console.log('done')`
  const args = ['--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 })
  assert.equal(stdout, 'done\n')
})

/** Two sessions that know each other, the first over a transport whose room the test decides. */
async function stalling(clock: ManualClock): Promise<{ left: Watched; a: Session; b: Session; stream: Stream }> {
  const [near, far] = memory()
  const left = new Watched(near)
  const [a, b] = [startSession(left, { clock }), startSession(far, { clock })]
  b.handle('s', () => {})
  await a.ping()
  const stream = a.open('s')
  left.full = true
  stream.write(filled(1000))
  await new Promise<void>((resolve) => (left.onSend = resolve))
  return { left, a, b, stream }
}

/** Lets time pass in steps, with everything done that each causes. */
async function pass(clock: ManualClock, ms: number, step: number, each: () => void = () => {}): Promise<void> {
  for (let passed = 0; passed < ms; passed += step) {
    clock.advance(step)
    each()
    await turn()
  }
}

test('pump cuts a transport that takes no byte in time, and with it everything, not one write', async () => {
  const clock = new ManualClock()
  const { left, a, stream } = await stalling(clock)
  const call = a.call('x', none)
  await pass(clock, 29_999, 29_999)
  assert.equal(a.state, 'ready')
  await pass(clock, 20, 1)
  const error = await a.closed
  assert.deepEqual([error?.code, error?.scope], ['BRAID_TRANSPORT_LOST', 'transport'])
  assert.match(error?.message ?? '', /watched took no byte for 30000 ms/)
  assert.equal(a.stats().limits.writeTimeoutMs?.refused, 1)
  assert.equal((await stream.closed)?.code, 'BRAID_TRANSPORT_LOST')
  await assert.rejects(call, { code: 'BRAID_TRANSPORT_LOST' })
  assert.equal(left.closes, 1)
})

test('pump waits on while the transport takes bytes now and then', async () => {
  const clock = new ManualClock()
  const { left, a, stream } = await stalling(clock)
  await pass(clock, 300_000, 29_000, () => {
    left.sink?.drained()
    stream.write(filled(1000))
  })
  assert.equal(a.state, 'ready')
  left.full = false
  left.sink?.drained()
  await pass(clock, 100_000, 1000)
  assert.equal(a.state, 'ready')
  await a.close()
})

test('pump waits on while the peer acknowledges what a full transport was given', async () => {
  const clock = new ManualClock()
  const [near, far] = memory()
  const left = new Watched(near)
  const [a, b] = [startSession(left, { clock }), startSession(far, { clock, streamWindow: 1_000_000 })]
  let read = 0
  b.handle('s', (stream) =>
    stream.receive({ data: (bytes) => (read += bytes.length), end: () => {}, failed: () => {} }),
  )
  const stream = a.open('s')
  await a.ping()
  stream.write(filled(200_000))
  while (read < 200_000) await turn()
  // In this one is a frame that asks for an acknowledgement, which comes 20 s later.
  left.full = true
  near.pause()
  stream.write(filled(300_000))
  while (read < 500_000) await turn()
  await pass(clock, 20_000, 1000)
  near.resume()
  await pass(clock, 20_000, 1000)
  assert.equal(a.state, 'ready')
  await pass(clock, 20_000, 1000)
  assert.equal(a.state, 'closed')
  await b.closed
})

test('pump that slept does not blame the transport, and takes its word before the verdict', async () => {
  const clock = new ManualClock()
  const { left, a } = await stalling(clock)
  clock.advance(0)
  clock.sleep(3_600_000)
  await turn()
  assert.equal(a.state, 'ready')
  left.full = false
  left.sink?.drained()
  await pass(clock, 40_000, 1000)
  assert.equal(a.state, 'ready')
  await a.close()
})

test('session ends when its peer says nothing, and lives for hours when it has only nothing to say', async () => {
  const clock = new ManualClock()
  const [near, far] = memory()
  const left = new Watched(near)
  const [a, b] = [startSession(left, { clock }), startSession(far, { clock })]
  await a.ping()
  await pass(clock, 3 * 3_600_000, 14_000)
  await pass(clock, 100_000, 1000)
  assert.deepEqual([a.state, b.state], ['ready', 'ready'])
  // From here on nothing of b arrives.
  await a.ping()
  near.pause()
  const call = a.call('x', none)
  await pass(clock, 44_000, 1000)
  assert.equal(a.state, 'ready')
  const ping = a.ping()
  await pass(clock, 2_000, 1000)
  const error = await a.closed
  assert.match(error?.message ?? '', /nothing came from the other side for 4[56](\.\d)? s/)
  for (const promise of [call, ping]) await assert.rejects(promise, { code: 'BRAID_TRANSPORT_LOST' })
  assert.equal(left.closes, 1)
})
