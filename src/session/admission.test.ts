// Who may come in, how long that takes, and what may arrive meanwhile.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { BraidError } from '../engine/errors.ts'
import { ManualClock } from '../testing/pair.ts'
import { memory } from '../transports/memory.ts'
import type { SessionOptions } from './options.ts'
import type { Session } from './session.ts'
import { startSession } from './start.ts'
import type { Transport } from './transport.ts'

const filled = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value)
const none = new Uint8Array(0)
const never = (): Promise<Uint8Array> => new Promise(() => {})

test('authorize sees the auth bytes, gives the principal, and runs before anything is dispatched', async () => {
  const [near, far] = memory()
  let decide: (principal: unknown) => void = () => {}
  const asked = new Promise<Session>((resolve) => {
    const authorize = (session: Session): Promise<unknown> => {
      resolve(session)
      return new Promise((accept) => (decide = accept))
    }
    startSession(far, { authorize }, 'listener', (session) => {
      assert.deepEqual(session.principal, { user: 'ada' })
      session.handleCall('x', (bytes) => bytes)
    })
  })
  const a = startSession(near, { auth: Uint8Array.of(7) }, 'dialer')
  const call = a.call('x', filled(4))
  const b = await asked
  assert.deepEqual(b.remote.auth, Uint8Array.of(7))
  assert.equal(b.state, 'connecting')
  assert.equal(b.stats().callsReceived, 0)
  decide({ user: 'ada' })
  assert.equal((await call).length, 4)
  assert.equal(b.state, 'ready')
  await a.close()
})

test('authorize that throws, rejects or takes too long refuses the session with DENIED and a constant text', async () => {
  const thrown = new Error('wrong password for ada')
  const ways: [SessionOptions['authorize'], number][] = [
    [
      () => {
        throw thrown
      },
      0,
    ],
    [() => Promise.reject(thrown), 0],
    [never, 10_000],
  ]
  for (const [authorize, waitMs] of ways) {
    const clock = new ManualClock()
    const [near, far] = memory()
    let asking: () => void = () => {}
    const asked = new Promise<void>((resolve) => (asking = resolve))
    const asks = (session: Session): unknown => {
      asking()
      return authorize?.(session)
    }
    const b = startSession(far, { authorize: asks, clock }, 'listener')
    const a = startSession(near, {}, 'dialer')
    const call = a.call('x', none)
    await asked
    clock.advance(waitMs)
    const error = (await a.closed) as BraidError
    assert.deepEqual([error.code, error.reason, error.initiator], ['BRAID_DENIED', 'not authorised', 'remote'])
    await assert.rejects(call, { code: 'BRAID_DENIED' })
    assert.equal((await b.closed)?.code, 'BRAID_DENIED')
    assert.equal(b.principal, undefined)
    assert.equal(clock.pending, 0)
    assert.equal(b.stats().limits.authorizeTimeoutMs?.refused, waitMs === 0 ? 0 : 1)
  }
})

test('authorize keeps only earlyBytes of what comes meanwhile, then the transport waits', async () => {
  const [near, far] = memory()
  let decide: () => void = () => {}
  const authorize = (): Promise<void> => new Promise((accept) => (decide = accept))
  let paused = 0
  const watched: Transport = {
    remote: far.remote,
    start: (sink) => far.start(sink),
    send: (chunks) => far.send(chunks),
    pause: () => {
      paused++
      far.pause()
    },
    resume: () => {
      paused--
      far.resume()
    },
    close: () => far.close(),
  }
  const b = startSession(watched, { authorize, earlyBytes: 1024 }, 'listener')
  b.handleCall('x', (bytes) => bytes)
  const a = startSession(near, {}, 'dialer')
  const calls = Array.from({ length: 20 }, () => a.call('x', filled(1000)))
  while (paused === 0) await turn()
  const early = b.stats().limits.earlyBytes
  assert.equal(early?.refused, 1)
  assert.ok((early?.used ?? 0) >= 1024)
  decide()
  for (const call of calls) assert.equal((await call).length, 1000)
  assert.equal(paused, 0)
  assert.equal(b.stats().limits.earlyBytes?.used, 0)
  await a.close()
})

test('authorize that answers after the session has ended changes nothing', async () => {
  const [near, far] = memory()
  let decide: (value: unknown) => void = () => {}
  const asked = new Promise<void>((resolve) => {
    startSession(far, {
      authorize: () => {
        resolve()
        return new Promise((accept) => (decide = accept))
      },
    })
  })
  const a = startSession(near)
  await asked
  await a.close()
  decide('late')
})

test('session handler that throws or rejects ends its session with INTERNAL', async () => {
  const ways = [
    () => {
      throw new Error('x')
    },
    async () => {
      throw new Error('x')
    },
  ]
  for (const onReady of ways) {
    const [near, far] = memory()
    const b = startSession(far, {}, 'listener', onReady)
    const a = startSession(near, {}, 'dialer')
    assert.equal((await a.closed)?.code, 'BRAID_INTERNAL')
    assert.equal((await b.closed)?.code, 'BRAID_INTERNAL')
  }
})
