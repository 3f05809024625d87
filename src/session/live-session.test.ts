// A session from HELLO to its end: states, authorisation, drain, close, and that everything settles.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEngine } from '../engine/engine.ts'
import type { BraidError } from '../engine/errors.ts'
import { parseOptions } from '../engine/options.ts'
import { ManualClock, pair } from '../testing/pair.ts'
import { memory } from '../transports/memory.ts'
import { LiveSession } from './live-session.ts'
import { parseSessionOptions } from './options.ts'
import { startSession } from './start.ts'
import type { Stream } from './stream.ts'
import type { Transport } from './transport.ts'

const filled = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value)
const none = new Uint8Array(0)
const never = (): Promise<Uint8Array> => new Promise(() => {})

test('session knows its remote once the HELLO was read', async () => {
  const [a, b] = pair({ auth: Uint8Array.of(1, 2), codec: 'msgpack' }, {})
  const memory = { address: 'memory:', confidential: true, certificate: undefined }
  assert.deepEqual(b.remote, { ...memory, auth: none, codec: '' })
  await b.ping()
  assert.deepEqual([{ ...b.remote }, b.remote.auth], [{ ...memory, codec: 'msgpack' }, Uint8Array.of(1, 2)])
  await a.close()
})

test('session shows the certificate of its transport with the HELLO, and calls no transport confidential that is not', async () => {
  const [near, far] = memory()
  const certificate = { subject: 'CN=ada' }
  const transport: Transport = {
    remote: 'x',
    certificate,
    start: (sink) => far.start(sink),
    send: (chunks) => far.send(chunks),
    pause: () => far.pause(),
    resume: () => far.resume(),
    close: () => far.close(),
  }
  const b = startSession(transport)
  assert.deepEqual([b.remote.confidential, b.remote.certificate], [false, undefined])
  const a = startSession(near)
  await b.ping()
  assert.equal(b.remote.certificate, certificate)
  assert.equal(a.remote.certificate, undefined)
  await a.close()
})

test('session works before the HELLO of the peer was read', async () => {
  const [a, b] = pair()
  b.handleCall('x', (bytes) => bytes)
  b.handle('s', (stream) => stream.end(stream.meta))
  const call = a.call('x', filled(20_000))
  const stream = a.open('s', { meta: 'early' })
  assert.equal((await call).length, 20_000)
  assert.equal(await stream.readable(), false)
  assert.equal(stream.trailer, 'early')
  await a.close()
})

test('session close fails everything at once and settles every promise on both sides', async () => {
  for (const code of [0, 'INTERNAL', 80] as const) {
    const clock = new ManualClock()
    const [a, b] = pair({ clock })
    b.handleCall('never', never)
    b.handle('never', never)
    const outcomes: Promise<unknown>[] = []
    const settles = (promise: Promise<unknown>): void => {
      outcomes.push(promise.then(() => 'resolved').catch((error: BraidError) => error.code))
    }
    const streams: Stream[] = []
    for (const session of [a, b]) {
      const stream = session.open('never', { confirm: true })
      const other = session.open('unread')
      streams.push(stream, other)
      stream.write(filled(2_000_000))
      settles(stream.ready)
      settles(stream.readable())
      settles(stream.accepted)
      settles(stream.closed)
      settles(other.messages().next())
      settles(session.call('never', none, { timeout: 1000 }))
      settles(session.call('never', filled(200_000), { timeout: 1000 }))
      settles(session.message(none))
      settles(session.take('missing'))
      settles(session.streams().next())
      settles(session.states().next())
      settles(session.closed)
    }
    await a.ping()
    settles(a.ping())
    settles(b.drain(10_000))
    await a.close(code, 'bye')
    assert.equal(a.state, 'closed')
    await Promise.all(outcomes)
    assert.equal(clock.pending, 0)
    assert.ok(streams.every((stream) => stream.signal.aborted))
    const error = await b.closed
    if (code === 0) assert.equal(error, undefined)
    else assert.equal(error?.initiator, 'remote')
    assert.equal((await a.closed)?.code, code === 0 ? undefined : code === 80 ? 'BRAID_RESET' : 'BRAID_INTERNAL')
  }
})

test('session that is closed takes no work', async () => {
  const [a, b] = pair()
  await a.ping()
  await a.close()
  await a.close('INTERNAL')
  await b.closed
  for (const session of [a, b]) {
    assert.throws(() => session.open('x'), { code: 'BRAID_CLOSED', executed: 'no' })
    await assert.rejects(session.call('x', none), { code: 'BRAID_CLOSED', executed: 'no' })
    await assert.rejects(session.message(none), { code: 'BRAID_CLOSED', executed: 'no' })
    await assert.rejects(session.ping(), { code: 'BRAID_CLOSED' })
    await assert.rejects(session.take('x'), { code: 'BRAID_CLOSED' })
    assert.deepEqual(await session.drain(1000), { streams: 0, calls: 0 })
  }
  assert.equal(await a.closed, undefined)
})

test('session close tells what was sent from what was not', async () => {
  const [a, b] = pair({ maxCalls: 32, maxStreams: 32 })
  b.handleCall('never', never)
  const calls = Array.from({ length: 33 }, () => a.call('never', none))
  const streams = Array.from({ length: 33 }, () => a.open('x'))
  await a.ping()
  await a.close()
  const errors = (await Promise.all(calls.map((call) => call.catch((error) => error)))) as BraidError[]
  assert.equal(errors[0]?.executed, 'maybe')
  assert.equal(errors[32]?.executed, 'no')
  assert.equal((await streams[0]?.closed)?.executed, 'maybe')
  assert.equal((await streams[32]?.closed)?.executed, 'no')
})

test('session close keeps what it says was not executed', async () => {
  const [a, b] = pair()
  const seen: string[] = []
  b.handle('*', ({ name }) => seen.push(name))
  b.handleCall('*', () => {
    seen.push('call')
    return none
  })
  await a.ping()
  const [stream, call] = [a.open('x'), a.call('y', none)]
  await a.close()
  assert.equal((await stream.closed)?.executed, 'no')
  await assert.rejects(call, { code: 'BRAID_CLOSED', executed: 'no' })
  await b.closed
  assert.deepEqual(seen, [])
})

test('session whose transport breaks fails everything with TRANSPORT_LOST', async () => {
  const clock = new ManualClock()
  const [near, far] = memory()
  const a = startSession(near, { clock })
  const b = startSession(far, { clock })
  b.handleCall('never', never)
  const call = a.call('never', none)
  const stream = a.open('x')
  await a.ping()
  near.close()
  await assert.rejects(call, { code: 'BRAID_TRANSPORT_LOST', executed: 'maybe' })
  assert.equal((await stream.closed)?.code, 'BRAID_TRANSPORT_LOST')
  assert.equal((await b.closed)?.code, 'BRAID_TRANSPORT_LOST')
  assert.equal(clock.pending, 0)
})

test('session lets data sent before a clean close arrive', async () => {
  const [a, b] = pair()
  const taken = b.take('s')
  const stream = a.open('s')
  const far = await taken
  stream.write(filled(5))
  stream.end()
  far.end()
  await stream.closed
  await a.close()
  await b.closed
  assert.equal(far.read()?.length, 5)
  assert.equal(await far.readable(), false)
})

test('session pings together wait for one answer', async () => {
  const [a] = pair()
  const [one, two] = await Promise.all([a.ping(), a.ping()])
  assert.ok(one >= 0 && two >= 0)
  await a.close()
})

test('session dispose closes it', async () => {
  const [a, b] = pair()
  await a[Symbol.asyncDispose]()
  assert.equal(await b.closed, undefined)
})

test('session in which handling an event fails ends alone, with INTERNAL', async () => {
  const [near, far] = memory()
  const settings = parseSessionOptions()
  const engine = createEngine(parseOptions(), { waitForPreface: false, gate: false, random: () => 0 })
  const settle = engine.settle.bind(engine)
  let broken = false
  engine.settle = (stream) => {
    if (broken) throw new Error('bug')
    settle(stream)
  }
  const a = new LiveSession(engine, near, settings, {}, settings.budget.dialled())
  a.start()
  const b = startSession(far)
  a.handle('x', () => {
    broken = true
  })
  b.open('x').end()
  const error = (await a.closed) as BraidError
  assert.equal(error.code, 'BRAID_INTERNAL')
  assert.match(String(error.cause), /bug/)
  assert.equal((await b.closed)?.code, 'BRAID_INTERNAL')
})
