// What is made again over another session, what is not, and whose word counts when work has left the waiting room.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import type { Session, State } from '../session/session.ts'
import { failure, none, numbered, over, RemoteSide, reach, said, settle, which } from './harness.test.ts'
import { Link } from './link.ts'

test('peer: a call given up after it has waited is said to have been executed, perhaps', async () => {
  const setting = reach(numbered())
  const controller = new AbortController()
  const call = failure(setting.peer.call('never', none, { signal: controller.signal }))
  await settle()
  assert.equal(setting.peer.state.type, 'ready')
  controller.abort()
  assert.equal(said(await call), 'BRAID_CANCELLED maybe')
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  await over(setting)
})

test('peer: what a handler says of its own upstream is not the end of this session', async () => {
  let runs = 0
  const remote = new RemoteSide((session) => {
    session.handleCall('gateway', () => {
      runs++
      throw new BraidError('GOING_AWAY', 'the store is going away', { scope: 'call' })
    })
  })
  const setting = reach(remote)
  assert.equal((await failure(setting.peer.call('gateway', none))).code, 'BRAID_GOING_AWAY')
  assert.deepEqual([runs, remote.dials, setting.peer.state.type], [1, 1, 'ready'])
  await over(setting)
})

test('peer: while it drains it dials nobody for what can wait for nobody', async () => {
  const controller = new AbortController()
  const setting = reach(numbered(), { signal: controller.signal })
  const { remote, clock } = setting
  await settle()
  void setting.peer.call('never', none)
  await settle()
  void remote.last.session.drain(Number.POSITIVE_INFINITY)
  await settle()
  assert.equal(setting.peer.state.type, 'waiting')
  const report = setting.peer.drain(60_000)
  clock.advance(30_000)
  await settle()
  assert.equal(remote.dials, 1)
  remote.last.cut()
  await report
  await over(setting)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)

  const other = reach(numbered())
  await settle()
  void other.peer.call('never', none)
  const ending = other.peer.drain(60_000)
  await settle()
  other.clock.advance(30_000)
  await settle()
  assert.equal(other.remote.dials, 1)
  other.remote.last.cut()
  await ending
  await over(other)
})

test('peer: a call refused while the peer itself drains fails at once', async () => {
  const remote = numbered()
  const { serve } = remote
  remote.serve = (session, index) => {
    serve(session, index)
    void session.call('mine', none)
  }
  const setting = reach(remote, {
    onSession: (session) => session.handleCall('mine', () => new Promise(() => {})),
  })
  await settle()
  const call = failure(which(setting))
  void remote.last.session.drain(60_000)
  const report = setting.peer.drain(60_000)
  await settle()
  assert.equal(said(await call), 'BRAID_GOING_AWAY no')
  void setting.peer.close()
  await report
  await over(setting)
})

test('link: takes work once it is set up, unless it is retired, drains, has no transport or is over', () => {
  const usable = (state: State, retired: boolean): boolean => {
    const link = new Link({ state } as Session)
    assert.equal(link.isUsable, false)
    link.isOpen = true
    link.isRetired = retired
    return link.isUsable
  }
  const states: State[] = ['connecting', 'ready', 'detached', 'draining', 'closed']
  assert.deepEqual(
    states.map((state) => usable(state, false)),
    [true, true, false, false, false],
  )
  assert.ok(states.every((state) => !usable(state, true)))
})
