// How a peer ends: for good reasons, by closing, by draining, by its signal; and what becomes of its work.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import { ManualClock } from '../testing/pair.ts'
import { failure, none, numbered, over, RemoteSide, reach, said, settle, types, which } from './harness.test.ts'
import type { PeerOptions } from './options.ts'
import { type Peer, peer } from './peer.ts'

test('peer: errors that dialling again cannot mend end it', async () => {
  for (const code of ['DENIED', 'INVALID_INPUT', 'VERSION', 'BAD_LIMITS', 'TLS'] as const) {
    const remote = numbered()
    remote.down = new BraidError(code, 'never', { scope: 'transport' })
    const setting = reach(remote)
    const call = failure(setting.peer.call('which', none))
    assert.equal(await setting.peer.closed, remote.down)
    assert.equal(said(await call), `BRAID_${code} no`)
    assert.equal(said(await failure(setting.peer.open('hold'))), `BRAID_${code} no`)
    assert.deepEqual(setting.peer.state, { type: 'closed', error: remote.down })
    assert.equal(remote.dials, 1)
    await over(setting)
  }
})

test('peer: a session that is denied after it was dialled, or by onSession, ends it; one that ends otherwise does not', async () => {
  const remote = numbered()
  const setting = reach(remote)
  await settle()
  for (const code of [0, 'INTERNAL', 'PROTOCOL', 'CANCELLED', 70] as const) {
    void remote.last.session.close(code)
    await settle()
    assert.equal(setting.peer.state.type, 'waiting', `${code}`)
    setting.clock.advance(30_000)
    await settle()
    assert.equal(setting.peer.state.type, 'ready', `${code}`)
  }
  void remote.last.session.close('DENIED', 'you are banned')
  const error = await setting.peer.closed
  assert.equal(error?.code, 'BRAID_DENIED')
  assert.match(error?.message ?? '', /you are banned/)
  await over(setting)

  const refusing = reach(numbered(), {
    onSession: () => Promise.reject(new BraidError('DENIED', 'wrong password', { scope: 'call' })),
  })
  assert.match((await refusing.peer.closed)?.message ?? '', /wrong password/)
  await over(refusing)
})

test('peer: what an old session still does is not cut when no new one can be had', async () => {
  let answer: (bytes: Uint8Array) => void = () => {}
  const remote = new RemoteSide((session) => {
    session.handleCall('slow', () => new Promise((resolve) => (answer = resolve)))
  })
  const setting = reach(remote)
  const slow = setting.peer.call('slow', none)
  await settle()
  void remote.last.session.drain(60_000)
  remote.down = new BraidError('DENIED', 'no more')
  await settle()
  setting.clock.advance(50)
  await settle()
  assert.equal(setting.peer.state.type, 'closed')
  answer(Uint8Array.of(7))
  assert.deepEqual(await slow, Uint8Array.of(7))
  assert.equal((await setting.peer.closed)?.code, 'BRAID_DENIED')
  await over(setting)
})

test('peer: closing while it dials gives the dial up, and a session that comes late is closed', async () => {
  const remote = numbered()
  let letGo = (): void => {}
  remote.gate = new Promise((resolve) => (letGo = resolve))
  let signal: AbortSignal | undefined
  const clock = new ManualClock()
  const made = peer(
    (given) => {
      signal = given
      return remote.dial()
    },
    { clock },
  )
  const calls = [made.call('which', none, { timeout: 100 }), made.open('hold')].map(failure)
  await made.close()
  assert.equal(signal?.aborted, true)
  assert.deepEqual((await Promise.all(calls)).map(said), ['BRAID_CLOSED no', 'BRAID_CLOSED no'])
  assert.equal(await made.closed, undefined)
  assert.equal(said(await failure(made.call('which', none))), 'BRAID_CLOSED no')
  assert.equal(clock.pending, 0)
  letGo()
  await settle()
  assert.equal(remote.last.session.state, 'closed')
  assert.deepEqual(await made.drain(10), { streams: 0, calls: 0 })
})

test('peer: closing cuts what is under way; the signal and `await using` close it too', async () => {
  const controller = new AbortController()
  const setting = reach(numbered(), { signal: controller.signal })
  await settle()
  const call = failure(setting.peer.call('never', none))
  const stream = await setting.peer.open('hold')
  await settle()
  controller.abort()
  assert.equal(said(await call), 'BRAID_CLOSED maybe')
  assert.equal((await stream.closed)?.code, 'BRAID_CLOSED')
  assert.equal(await setting.peer.closed, undefined)
  await over(setting)
  assert.throws(() => peer(setting.remote.dial, { signal: controller.signal }), { code: 'BRAID_CANCELLED' })
  let last: Peer
  {
    await using used = peer(numbered().dial)
    last = used
  }
  assert.equal(last.state.type, 'closed')
})

test('peer: drain gives what waits its session, lets what is under way end, and takes nothing new', async () => {
  const remote = numbered()
  remote.down = new Error('no route')
  const setting = reach(remote)
  const call = which(setting)
  await settle()
  const report = setting.peer.drain(5_000)
  assert.equal(setting.peer.drain(1), report)
  assert.equal(setting.peer.state.type, 'draining')
  assert.equal(said(await failure(setting.peer.call('which', none))), 'BRAID_GOING_AWAY no')
  assert.equal(said(await failure(setting.peer.open('hold'))), 'BRAID_GOING_AWAY no')
  remote.down = undefined
  setting.clock.advance(50)
  assert.equal(await call, 0)
  assert.deepEqual(await report, { streams: 0, calls: 0 })
  assert.equal(await setting.peer.closed, undefined)
  assert.throws(() => setting.peer.drain(-1), RangeError)
  await over(setting)
  assert.equal(types(setting), 'connecting waiting draining closed')
})

test('peer: drain tells what it had to cut, whether it waited or was under way', async () => {
  const waiting = reach(numbered())
  waiting.remote.down = new Error('no route')
  const calls = [waiting.peer.call('which', none), waiting.peer.open('hold')].map(failure)
  await settle()
  const cut = waiting.peer.drain(10)
  waiting.clock.advance(10)
  assert.deepEqual(await cut, { streams: 1, calls: 1 })
  assert.deepEqual((await Promise.all(calls)).map(said), ['BRAID_GOING_AWAY no', 'BRAID_GOING_AWAY no'])
  await over(waiting)

  const busy = reach(numbered())
  await settle()
  void busy.peer.open('hold')
  const call = failure(busy.peer.call('never', none))
  await settle()
  const report = busy.peer.drain(60_000)
  await settle()
  assert.equal(busy.peer.state.type, 'draining')
  void busy.peer.close()
  assert.deepEqual(await report, { streams: 1, calls: 1 })
  assert.equal(said(await call), 'BRAID_CLOSED maybe')
  await over(busy)
})

test('peer: options out of their bounds and a dial that gives no session are told', async () => {
  const { dial } = numbered()
  for (const options of [{ waitMs: -1 }, { waitMs: 600_001 }, { waitMs: 0.5 }, { maxWaiting: 0 }] as PeerOptions[]) {
    const [name] = Object.keys(options)
    assert.throws(
      () => peer(dial, options),
      (error: BraidError) => error.code === 'BRAID_INVALID_INPUT' && error.message.includes(name!),
    )
  }
  assert.throws(() => peer('tcp://127.0.0.1:1' as never), TypeError)
  const forgetful = peer(async () => undefined as never)
  assert.equal((await forgetful.closed)?.code, 'BRAID_INVALID_INPUT')
})
