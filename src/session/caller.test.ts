// Calls and messages from both sides: results, failures, giving up, bodies of any size, and what is left behind: nothing.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import type { BraidError } from '../engine/errors.ts'
import { ManualClock, pair } from '../testing/pair.ts'
import type { CallContext } from './session.ts'
import { startSession } from './start.ts'

const filled = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value)
const none = new Uint8Array(0)
const never = (): Promise<Uint8Array> => new Promise(() => {})

test('call carries bytes there and back, by handlers sync and async', async () => {
  const [a, b] = pair()
  b.handleCall('sync', (bytes) => bytes)
  b.handleCall('async', async (bytes) => bytes)
  assert.deepEqual(await a.call('sync', filled(3)), filled(3))
  assert.deepEqual(await a.call('async', none), none)
  const all = await Promise.all(
    Array.from({ length: 1000 }, (_, i) => a.call(i % 2 ? 'sync' : 'async', filled(i, i & 255))),
  )
  all.forEach((result, i) => {
    assert.deepEqual(result, filled(i, i & 255))
  })
  await a.close()
})

test('call whose result nobody wants brings back none, and rejects as any', async () => {
  const [a, b] = pair()
  const seen: boolean[] = []
  b.handleCall('note', (bytes, { oneWay }) => {
    seen.push(oneWay)
    return bytes
  })
  assert.deepEqual(await a.call('note', filled(3), { oneWay: true }), none)
  // Too large for a frame, it is carried like any call.
  assert.deepEqual(await a.call('note', filled(100_000), { oneWay: true }), none)
  assert.deepEqual(seen, [true, false])
  await assert.rejects(a.call('other', none, { oneWay: true }), { code: 'BRAID_UNIMPLEMENTED' })
  await a.close()
})

test('call given up by its signal rejects at once, tells the handler, and frees its slot when that has ended', async () => {
  const [a, b] = pair({ maxCalls: 32 })
  const contexts: CallContext[] = []
  b.handleCall('wait', (_bytes, context) => {
    contexts.push(context)
    return new Promise((resolve) => context.signal.addEventListener('abort', () => resolve(none)))
  })
  b.handleCall('echo', (bytes) => bytes)
  const controller = new AbortController()
  const calls = Array.from({ length: 40 }, () => a.call('wait', none, { signal: controller.signal }))
  await a.ping()
  assert.equal(contexts.length, 32)
  controller.abort('why')
  const errors = (await Promise.all(calls.map((call) => call.catch((error) => error)))) as BraidError[]
  assert.ok(
    errors.every((error) => error.code === 'BRAID_CANCELLED' && error.scope === 'call' && error.cause === 'why'),
  )
  assert.deepEqual(
    errors.map((error) => error.executed),
    [...Array(32).fill('maybe'), ...Array(8).fill('no')],
  )
  assert.equal((await a.call('echo', filled(2))).length, 2)
  const { aborted, reason } = (contexts[0] as CallContext).signal
  assert.equal(aborted, true)
  assert.equal((reason as BraidError).code, 'BRAID_CANCELLED')
  await a.close()
})

test('call with an aborted signal is never sent', async () => {
  const [a] = pair()
  const controller = new AbortController()
  controller.abort()
  await assert.rejects(a.call('x', none, { signal: controller.signal }), { code: 'BRAID_CANCELLED', executed: 'no' })
  await a.close()
})

test('call leaves no listener on its signal and no timer behind', async () => {
  const clock = new ManualClock()
  const [a, b] = pair({ clock })
  b.handleCall('x', (bytes) => bytes)
  const { signal } = new AbortController()
  let listeners = 0
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++
    add(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--
    remove(...args)
  }
  await a.call('x', none, { signal, timeout: 1000 })
  await a.call('x', none, { timeout: Number.POSITIVE_INFINITY })
  assert.equal(listeners, 0)
  // One for each session, which asks from time to time whether the other is there.
  assert.equal(clock.pending, 2)
  await a.close()
})

test('call deadline travels, ends the call, and aborts the handler', async () => {
  const clock = new ManualClock()
  const [a, b] = pair({ clock })
  let context: CallContext | undefined
  b.handleCall('slow', (_bytes, its) => {
    context = its
    return never()
  })
  b.handleCall('free', (_bytes, its) => Uint8Array.of(its.remaining() === undefined ? 1 : 0))
  const call = a.call('slow', none, { timeout: 250 })
  await a.ping()
  assert.equal(context?.remaining(), 250)
  clock.advance(100)
  assert.equal(context?.remaining(), 150)
  const { signal } = context as CallContext
  assert.equal(signal.aborted, false)
  clock.advance(150)
  await assert.rejects(call, { code: 'BRAID_DEADLINE', executed: 'maybe', scope: 'call' })
  assert.equal(signal.aborted, true)
  assert.equal((signal.reason as BraidError).code, 'BRAID_DEADLINE')
  assert.deepEqual(await a.call('free', none), Uint8Array.of(1))
  await a.close()
})

test('call checks its arguments', async () => {
  const [a, b] = pair()
  await assert.rejects(a.call('x', 'y' as unknown as Uint8Array), TypeError)
  await assert.rejects(a.call(1 as unknown as string, none), TypeError)
  await assert.rejects(a.call('x'.repeat(129), none), RangeError)
  await assert.rejects(a.call('x', none, { timeout: -1 }), RangeError)
  await assert.rejects(a.message('y' as unknown as Uint8Array), TypeError)
  assert.throws(() => b.handleCall('x'.repeat(129), never), RangeError)
  assert.throws(() => b.handleCall('x', 1 as unknown as () => Uint8Array), TypeError)
  const remove = b.handleCall('x', never)
  assert.throws(() => b.handleCall('x', never), TypeError)
  remove()
  remove()
  b.handleCall('x', (bytes) => bytes)
  assert.deepEqual(await a.call('x', none), none)
  await a.close()
})

test('message arrives in order, resolves when its handler has ended, and is one frame at most', async () => {
  const [a, b] = pair()
  const got: number[] = []
  let ended = 0
  b.handleMessage(async (bytes) => {
    got.push(bytes[0] ?? -1)
    await b.ping()
    ended++
  })
  const messages = Array.from({ length: 50 }, (_, i) => a.message(Uint8Array.of(i)))
  assert.equal(await messages[49], undefined)
  assert.ok(ended >= 1)
  assert.deepEqual(
    got,
    Array.from({ length: 50 }, (_, i) => i),
  )
  await assert.rejects(a.message(filled(65_537)), { code: 'BRAID_INVALID_INPUT', executed: 'no' })
  await a.close()
})

test('message that fails and is not awaited harms nobody', async () => {
  const [a, b] = pair()
  b.handleMessage(() => {
    throw new Error('unlucky')
  })
  void a.message(none)
  void a.call('unheard', none)
  await assert.rejects(a.message(none), { code: 'BRAID_INTERNAL' })
  await a.close()
  void a.message(none)
  void a.call('x', none)
  await assert.rejects(a.message(none), { code: 'BRAID_CLOSED', executed: 'no' })
})

test('call whose transport dies under its first write leaves no timer and no listener', async () => {
  const clock = new ManualClock()
  const send = (): boolean => {
    throw new Error('broken')
  }
  const a = startSession({ remote: 'x', start() {}, send, pause() {}, resume() {}, close() {} }, { clock })
  const { signal } = new AbortController()
  const call = a.call('x', filled(300_000), { signal, timeout: 60_000 })
  await assert.rejects(call, { code: 'BRAID_TRANSPORT_LOST' })
  assert.deepEqual(getEventListeners(signal, 'abort'), [])
  assert.equal(clock.pending, 0)
})
