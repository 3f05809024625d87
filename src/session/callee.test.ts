// Answering calls: which handler, from when, how long a call waits for one, and what the caller learns when it fails.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import { ManualClock, pair } from '../testing/pair.ts'

const filled = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value)
const none = new Uint8Array(0)

test('call of an unknown method is refused at once when any is exposed', async () => {
  const [a, b] = pair({ clock: new ManualClock() })
  b.handleCall('known', (bytes) => bytes)
  await assert.rejects(a.call('unknown', none), {
    code: 'BRAID_UNIMPLEMENTED',
    scope: 'call',
    executed: 'no',
    initiator: 'remote',
    message: /"unknown"/,
  })
  await a.close()
})

test('call waits for the first method to be exposed, then for no other', async () => {
  const [a, b] = pair({ clock: new ManualClock() })
  const calls = [a.call('one', filled(1)), a.call('two', filled(2)), a.call('three', filled(3))]
  await a.ping()
  assert.equal(b.stats().callsWaiting, 3)
  b.handleCall('one', (bytes) => bytes)
  b.handleCall('two', (bytes) => bytes)
  assert.equal((await calls[0])?.length, 1)
  assert.equal((await calls[1])?.length, 2)
  await assert.rejects(calls[2] as Promise<unknown>, { code: 'BRAID_UNIMPLEMENTED' })
  await a.close()
})

test('arguments that wait for a handler keep nothing else alive', async () => {
  const [a, b] = pair({ clock: new ManualClock() })
  const calls = Array.from({ length: 20 }, () => a.call('late', filled(8)))
  await a.ping()
  const kept: number[] = []
  b.handleCall('late', (bytes) => {
    kept.push(bytes.buffer.byteLength)
    return bytes
  })
  await Promise.all(calls)
  assert.deepEqual(kept, Array(20).fill(8))
  await a.close()
})

test('call that no method is exposed for is refused when its time is over', async () => {
  const clock = new ManualClock()
  const [a, b] = pair({ clock })
  const call = a.call('x', none)
  const message = a.message(none)
  await a.ping()
  clock.advance(1000)
  await assert.rejects(call, { code: 'BRAID_UNIMPLEMENTED' })
  await assert.rejects(message, { code: 'BRAID_UNIMPLEMENTED', message: /messages/ })
  assert.equal(b.stats().limits.handlerWaitMs?.refused, 2)
  await a.close()
})

test('call whose time is over while it waits for a handler is never run', async () => {
  const clock = new ManualClock()
  const [a, b] = pair({ clock })
  const call = a.call('late', none, { timeout: 50 })
  await a.ping()
  clock.advance(50)
  await assert.rejects(call, { code: 'BRAID_DEADLINE' })
  let ran = false
  b.handleCall('late', (bytes) => {
    ran = true
    return bytes
  })
  await a.ping()
  assert.equal(ran, false)
  await a.close()
})

test('call given up while it waits for a handler is never run', async () => {
  const [a, b] = pair({ clock: new ManualClock() })
  const controller = new AbortController()
  const call = a.call('x', none, { signal: controller.signal })
  await a.ping()
  controller.abort()
  await assert.rejects(call, { code: 'BRAID_CANCELLED', executed: 'maybe' })
  await a.ping()
  let runs = 0
  b.handleCall('x', (bytes) => {
    runs++
    return bytes
  })
  await a.call('x', none)
  assert.equal(runs, 1)
  await a.close()
})

test('call fails with the code, text and details of a thrown BraidError', async () => {
  const [a, b] = pair()
  b.handleCall('x', () => {
    throw new BraidError('DENIED', 'not yours', { details: filled(5) })
  })
  b.handleCall('long', async () => {
    throw new BraidError('DENIED', 'y'.repeat(400), { details: filled(70_000) })
  })
  await assert.rejects(a.call('x', none), { code: 'BRAID_DENIED', message: 'not yours', details: filled(5) })
  await assert.rejects(a.call('long', none), { code: 'BRAID_DENIED', details: none })
  await a.close()
})

test('call whose handler throws learns INTERNAL and no more, unless errors are exposed', async () => {
  for (const exposeErrors of [false, true]) {
    const [a, b] = pair({ exposeErrors })
    b.handleCall('throws', () => {
      throw new Error('secret')
    })
    b.handleCall('nothing', (() => undefined) as unknown as () => Uint8Array)
    const error = (await a.call('throws', none).catch((thrown) => thrown)) as BraidError
    assert.equal(error.code, 'BRAID_INTERNAL')
    assert.equal(error.message.includes('secret'), exposeErrors)
    await assert.rejects(a.call('nothing', none), { code: 'BRAID_INTERNAL' })
    await a.close()
  }
})

test('call handler learns its session, its method and whether anybody wants the result', async () => {
  const [a, b] = pair()
  b.handleCall('x', (bytes, { session, method, oneWay }) => {
    assert.equal(session, b)
    assert.equal(method, 'x')
    assert.equal(oneWay, false)
    return bytes
  })
  await a.call('x', none)
  await a.close()
})
