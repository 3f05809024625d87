// Arguments and results larger than a frame: by stream, counted, and gone without a trace when given up.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import { ManualClock, pair } from '../testing/pair.ts'

const filled = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value)
const none = new Uint8Array(0)
const never = (): Promise<Uint8Array> => new Promise(() => {})

test('call bodies larger than a frame go by stream, both ways', async () => {
  const [a, b] = pair({ maxFrame: 16_384 })
  b.handleCall('echo', async (bytes) => bytes)
  b.handleCall('grow', (bytes) => filled(bytes.length * 1000, 3))
  for (const size of [16_384, 16_385, 1_000_000]) assert.deepEqual(await a.call('echo', filled(size)), filled(size))
  assert.deepEqual(await a.call('grow', filled(2000)), filled(2_000_000, 3))
  await a.ping()
  assert.equal(a.stats().streamsOpen, 0)
  assert.equal(b.stats().streamsOpen, 0)
  assert.equal(a.stats().limits.maxAssembled?.used, 0)
  assert.equal(b.stats().limits.maxAssembled?.used, 0)
  await a.close()
})

test('call bodies of a session together take at most maxAssembled', async () => {
  const [a, b] = pair({ maxAssembled: 200_000 })
  b.handleCall('x', never)
  const first = a.call('x', filled(150_000))
  while (b.stats().limits.maxAssembled?.used !== 150_000) await a.ping()
  await assert.rejects(a.call('x', filled(150_000)), {
    code: 'BRAID_EXHAUSTED',
    scope: 'call',
    message: /maxAssembled/,
  })
  assert.equal(b.stats().limits.maxAssembled?.used, 150_000)
  assert.equal(b.stats().limits.maxAssembled?.refused, 1)
  await a.close()
  await assert.rejects(first, { code: 'BRAID_CLOSED' })
})

test('call result too large for what may be assembled fails that call', async () => {
  const [a, b] = pair({ maxAssembled: 100_000 })
  b.handleCall('x', () => filled(150_000))
  await assert.rejects(a.call('x', none), { code: 'BRAID_EXHAUSTED', scope: 'call', initiator: 'local' })
  await a.ping()
  assert.equal(a.stats().limits.maxAssembled?.used, 0)
  await a.close()
})

test('call by stream fails as others do: unknown method, thrown error, deadline, signal', async () => {
  const clock = new ManualClock()
  const [a, b] = pair({ clock })
  const large = filled(100_000)
  const signals: AbortSignal[] = []
  b.handleCall('throws', () => {
    throw new BraidError('NOT_FOUND', 'nothing there')
  })
  b.handleCall('waits', (_bytes, context) => {
    signals.push(context.signal)
    assert.ok(context.remaining() === undefined || context.remaining() === 300)
    return never()
  })
  await assert.rejects(a.call('unknown', large), { code: 'BRAID_UNIMPLEMENTED', scope: 'call', executed: 'no' })
  await assert.rejects(a.call('throws', large), { code: 'BRAID_NOT_FOUND', message: 'nothing there', scope: 'call' })
  const controller = new AbortController()
  const calls = [a.call('waits', large, { timeout: 300 }), a.call('waits', large, { signal: controller.signal })]
  while (signals.length < 2) await a.ping()
  clock.advance(300)
  await assert.rejects(calls[0] as Promise<unknown>, { code: 'BRAID_DEADLINE', executed: 'maybe' })
  controller.abort()
  await assert.rejects(calls[1] as Promise<unknown>, { code: 'BRAID_CANCELLED', executed: 'maybe' })
  await a.ping()
  assert.ok(signals.every((signal) => signal.aborted))
  assert.equal(b.stats().streamsOpen, 0)
  await a.close()
})

test('call by stream given up before it was sent was not executed', async () => {
  const [a, b] = pair({ maxStreams: 32 })
  b.handleCall('x', never)
  for (let i = 0; i < 32; i++) a.open('filler')
  const controller = new AbortController()
  const call = a.call('x', filled(100_000), { signal: controller.signal })
  await a.ping()
  controller.abort()
  await assert.rejects(call, { code: 'BRAID_CANCELLED', executed: 'no' })
  await a.close()
})

test('call given up while its large result is on its way leaves no stream behind', async () => {
  const [a, b] = pair()
  const controller = new AbortController()
  b.handleCall('x', () => {
    controller.abort()
    return filled(5_000_000)
  })
  await assert.rejects(a.call('x', none, { signal: controller.signal }), { code: 'BRAID_CANCELLED' })
  while (b.stats().streamsOpen + a.stats().streamsOpen > 0) await a.ping()
  await a.close()
})

test('call by stream that waits for a handler when the session ends is not counted any more', async () => {
  const [a, b] = pair({ clock: new ManualClock() })
  const call = a.call('x', filled(100_000))
  while (b.stats().callsWaiting === 0) await a.ping()
  assert.ok((b.stats().limits.maxAssembled?.used ?? 0) >= 100_000)
  await b.close()
  await assert.rejects(call, { code: 'BRAID_CLOSED' })
  assert.equal(b.stats().limits.maxAssembled?.used, 0)
})
