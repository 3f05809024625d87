// A session that has lost its transport and looks for another is the peer's session still.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BraidError } from '../engine/errors.ts'
import type { Session, State } from '../session/session.ts'
import { StateReader, type States } from '../session/states.ts'
import { ManualClock } from '../testing/pair.ts'
import { RemoteSide, settle } from './harness.test.ts'
import { type PeerState, peer } from './peer.ts'

/** A session whose states a test tells. */
function told(session: Session): { session: Session; turn(state: State): void } {
  const readers: States = new Set()
  let now: State = 'ready'
  const overlay = {
    get state() {
      return now
    },
    states: () => new StateReader(readers, now),
  }
  const get = (_: Session, name: string | symbol): unknown => {
    const owner: object = name in overlay ? overlay : session
    const value: unknown = Reflect.get(owner, name)
    return typeof value === 'function' ? value.bind(owner) : value
  }
  const turn = (state: State): void => {
    now = state
    for (const reader of [...readers]) {
      reader.turned(state)
      if (state === 'closed') reader.close()
    }
  }
  return { session: new Proxy(session, { get }), turn }
}

test('peer: dials no other session while its own is detached, and one that drained stays retired', async () => {
  const remote = new RemoteSide((session, index) => session.handleCall('which', () => Uint8Array.of(index)))
  const dialled: { session: Session; turn(state: State): void }[] = []
  const clock = new ManualClock()
  const made = peer(
    async () => {
      dialled.push(told(await remote.dial()))
      return dialled.at(-1)!.session
    },
    { clock, random: () => 0.5 },
  )
  const states: PeerState['type'][] = []
  const loop = (async () => {
    for await (const { type } of made.states()) states.push(type)
  })()
  const which = async () => (await made.call('which', new Uint8Array(0)))[0]
  assert.equal(await which(), 0)
  const [first] = dialled
  first!.turn('detached')
  await settle()
  clock.advance(60_000)
  await settle()
  assert.deepEqual([made.state.type, remote.dials, clock.pending], ['detached', 1, 0])
  // What is begun now waits for it.
  const begun = which()
  await settle()
  assert.equal(clock.pending, 1)
  first!.turn('ready')
  await settle()
  assert.equal(made.state.type, 'ready')
  assert.equal(await begun, 0)

  first!.turn('draining')
  first!.turn('detached')
  await settle()
  clock.advance(50)
  await settle()
  assert.equal(await which(), 1)
  first!.turn('ready')
  await settle()
  assert.equal(await which(), 1)

  // Given up, after all.
  const [, second] = dialled
  second!.turn('detached')
  await settle()
  remote.last.cut()
  second!.turn('closed')
  await settle()
  const state: PeerState = made.state
  assert.equal((state as Partial<{ error: BraidError }>).error?.code, 'BRAID_TRANSPORT_LOST')
  first!.turn('closed')
  await made.close()
  await loop
  assert.deepEqual(states, [
    ...['connecting', 'ready', 'detached', 'ready'],
    ...['waiting', 'connecting', 'ready', 'detached', 'waiting', 'closed'],
  ])
})

test('peer: work begun while its session is detached waits as long as it may, and with waitMs 0 not at all', async () => {
  for (const waitMs of [0, 1_000]) {
    const remote = new RemoteSide()
    let dialled: { session: Session; turn(state: State): void } | undefined
    const clock = new ManualClock()
    const dial = async (): Promise<Session> => {
      dialled = told(await remote.dial())
      return dialled.session
    }
    const made = peer(dial, { clock, waitMs })
    await settle()
    dialled!.turn('detached')
    // Before the peer has heard of it.
    const results = [made.call('which', new Uint8Array(0)), made.open('s')].map((work) =>
      work.then(
        () => assert.fail('there is no transport'),
        (error: BraidError) => error,
      ),
    )
    await settle()
    clock.advance(waitMs)
    for (const error of await Promise.all(results)) {
      assert.deepEqual([error.code, error.executed], ['BRAID_UNREACHABLE', 'no'])
      assert.match(
        error.message,
        waitMs === 0 ? /^there is no session now: / : /^there was no session within 1000 ms: /,
      )
      assert.match(error.message, /: the session has lost its transport and dials again$/)
    }
    dialled!.turn('closed')
    await made.close()
  }
})
