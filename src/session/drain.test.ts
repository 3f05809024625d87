// A session that drains: what it waits for, what it refuses, what it cuts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BraidError } from '../engine/errors.ts'
import { ManualClock, pair } from '../testing/pair.ts'
import { settle, World } from './cable.test.ts'

const filled = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value)
const none = new Uint8Array(0)
const never = (): Promise<Uint8Array> => new Promise(() => {})

test('session drain waits for streams and calls of both sides, refusing new ones', async () => {
  const clock = new ManualClock()
  const [a, b] = pair({ clock })
  let release: (bytes: Uint8Array) => void = () => {}
  for (const session of [a, b]) session.handleCall('wait', () => new Promise((resolve) => (release = resolve)))
  const taken = b.take('s')
  const stream = a.open('s')
  const far = await taken
  const call = a.call('wait', none)
  await a.ping()
  const drained = a.drain(1000)
  const [crossedCall, crossedStream] = [b.call('wait', none), b.open('s')]
  assert.equal(a.state, 'draining')
  assert.equal(a.drain(5), drained)
  assert.throws(() => a.open('x'), { code: 'BRAID_GOING_AWAY', executed: 'no' })
  await assert.rejects(a.call('x', none), { code: 'BRAID_GOING_AWAY', executed: 'no' })
  await assert.rejects(crossedCall, { code: 'BRAID_GOING_AWAY', executed: 'no' })
  const { code, executed } = (await crossedStream.closed) as BraidError
  assert.deepEqual([code, executed], ['BRAID_GOING_AWAY', 'no'])
  release(filled(3))
  assert.equal((await call).length, 3)
  await a.ping()
  assert.equal(b.state, 'draining')
  assert.throws(() => b.open('x'), { code: 'BRAID_GOING_AWAY', initiator: 'remote' })
  stream.end({ done: true })
  await far.readable()
  far.end()
  assert.deepEqual(await drained, { streams: 0, calls: 0 })
  assert.equal(await b.closed, undefined)
  assert.equal(clock.pending, 0)
})

test('session drain answers the last call before it closes', async () => {
  const [a, b] = pair()
  let drained: Promise<unknown> | undefined
  b.handleCall('last', () => {
    drained = b.drain(1000)
    return filled(9)
  })
  assert.equal((await a.call('last', none)).length, 9)
  assert.deepEqual(await drained, { streams: 0, calls: 0 })
})

test('session drain lets a large result of its own call come', async () => {
  const [a, b] = pair()
  b.handleCall('large', async () => {
    await b.ping()
    return filled(300_000)
  })
  const call = a.call('large', none)
  await a.ping()
  const drained = a.drain(1000)
  assert.equal((await call).length, 300_000)
  assert.deepEqual(await drained, { streams: 0, calls: 0 })
})

test('session drain waits for handlers whose stream is over', async () => {
  const [a, b] = pair({ clock: new ManualClock() })
  let release: () => void = () => {}
  b.handle('x', (stream) => {
    stream.end()
    return new Promise<void>((resolve) => (release = resolve))
  })
  const stream = a.open('x')
  stream.end()
  await stream.closed
  const drained = b.drain(1000)
  await a.ping()
  assert.equal(b.state, 'draining')
  release()
  assert.deepEqual(await drained, { streams: 0, calls: 0 })
})

test('session drain cuts what is not over in time, and says how much', async () => {
  const clock = new ManualClock()
  const [a, b] = pair({ clock })
  b.handleCall('never', never)
  const call = a.call('never', none)
  a.open('x')
  await a.ping()
  const drained = b.drain(700)
  await a.ping()
  clock.advance(700)
  assert.deepEqual(await drained, { streams: 1, calls: 1 })
  await assert.rejects(call, { code: 'BRAID_CLOSED' })
  assert.throws(() => a.drain(-1), RangeError)
  await a.closed
})

test('session drain before the HELLO, or without a limit of time, works', async () => {
  const [a, b] = pair()
  assert.deepEqual(await a.drain(Number.POSITIVE_INFINITY), { streams: 0, calls: 0 })
  assert.equal(await b.closed, undefined)
})

test('session drained by both sides at once ends cleanly', async () => {
  const [a, b] = pair()
  const stream = a.open('x')
  const far = await b.take('x')
  const reports = Promise.all([a.drain(1000), b.drain(1000)])
  stream.end()
  far.end()
  assert.deepEqual(await reports, [
    { streams: 0, calls: 0 },
    { streams: 0, calls: 0 },
  ])
})

test('session drain does not close before the last answer has reached a peer that comes back', async () => {
  let answer: (bytes: Uint8Array) => void = () => {}
  const world = await new World({
    onSession: (session) => session.handleCall('late', () => new Promise((resolve) => (answer = resolve))),
  }).connect()
  const call = world.session.call('late', none)
  await world.session.ping()
  const drained = world.peer.drain(20_000)
  await settle()
  world.cable.cut()
  answer(filled(7))
  await settle()
  assert.equal(world.peer.state, 'detached')
  await world.pass(1000)
  assert.equal((await call).length, 7)
  assert.deepEqual(await drained, { streams: 0, calls: 0 })
  await world.close()
})
