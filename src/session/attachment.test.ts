// A session whose transport is lost and takes another: who may bring it, what is told of it, and what happens when it ends meanwhile.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { settle, World, type WorldOptions } from './cable.test.ts'
import { Deferred } from './deferred.ts'
import type { Session, State } from './session.ts'

const none = new Uint8Array(0)
const KEEP_MS = 60_000
/** Longer than the first wait before dialling, shorter than the second. */
const REDIAL_MS = 100

async function worldOf(t: TestContext, options: WorldOptions = {}): Promise<World> {
  const world = await new World(options).connect()
  t.after(() => world.close())
  return world
}

function statesOf(session: Session): State[] {
  const states: State[] = []
  void (async () => {
    for await (const state of session.states()) states.push(state)
  })()
  return states
}

const echo = (session: Session): unknown => session.handleCall('echo', (bytes) => bytes.slice())

test('a session goes on over the next transport, and tells it by its state alone', async (t) => {
  const answer = new Deferred<Uint8Array>()
  const world = await worldOf(t, { onSession: (session) => session.handleCall('later', () => answer.promise) })
  const { session, peer } = world
  const states = [statesOf(session), statesOf(peer)]
  const call = session.call('later', none)
  await settle()
  world.cable.cut()
  await settle()
  assert.deepEqual([session.state, peer.state], ['detached', 'detached'])
  answer.resolve(Uint8Array.of(7))
  const ping = session.ping()
  await world.pass(REDIAL_MS)
  assert.deepEqual([...(await call)], [7])
  assert.equal(typeof (await ping), 'number')
  assert.deepEqual(states, [
    ['ready', 'detached', 'ready'],
    ['ready', 'detached', 'ready'],
  ])
  assert.deepEqual([world.peers.length, world.listener.sessions.size, world.cables.length], [1, 1, 2])
  assert.deepEqual([world.listener.stats().handshaking, world.listener.stats().sessions], [0, 1])
})

test('the newest transport wins over one that is half open', async (t) => {
  const world = await worldOf(t, { onSession: echo })
  const old = world.cable
  const states = statesOf(world.peer)
  old.near.end()
  await world.pass(REDIAL_MS)
  assert.equal(old.far.closed, true)
  assert.deepEqual(await world.session.call('echo', Uint8Array.of(1)), Uint8Array.of(1))
  assert.deepEqual(states, ['ready'], 'the listener did not even notice')
  // The end of the old one, when it is heard of at last, concerns nobody.
  old.far.end(new Error('reset'))
  await world.pass(KEEP_MS)
  assert.equal(world.peer.state, 'ready')
})

test('a transport that is silent is given up, and the session goes on over the next', async (t) => {
  const world = await worldOf(t, {
    onSession: echo,
    listen: { idleTimeoutMs: 9_000 },
    connect: { idleTimeoutMs: 9_000 },
  })
  world.cable.goDead()
  const call = world.session.call('echo', Uint8Array.of(1))
  await world.pass(10_000)
  assert.deepEqual(await call, Uint8Array.of(1))
  assert.equal(world.cables.length, 2)
})

test('a RESUME that is not answered within 10 s is tried on another transport', async (t) => {
  const world = await worldOf(t, { onSession: echo })
  world.unplugged = true
  world.cable.cut()
  const call = world.session.call('echo', Uint8Array.of(1))
  await world.pass(5_000)
  world.unplugged = false
  assert.deepEqual([world.session.state, world.cables.length], ['detached', 2])
  await world.pass(5_500)
  assert.deepEqual(await call, Uint8Array.of(1))
  assert.deepEqual([world.cables.length, world.cables[1]?.near.closed], [3, true])
})

test('without feature or ticket the session ends with its transport', async (t) => {
  const world = await worldOf(t, { confidential: false })
  const call = world.session.call('nobody', none)
  await settle()
  world.cable.cut()
  await assert.rejects(call, { code: 'BRAID_TRANSPORT_LOST', executed: 'maybe' })
  assert.equal((await world.session.closed)?.code, 'BRAID_TRANSPORT_LOST')
  assert.equal((await world.peer.closed)?.code, 'BRAID_TRANSPORT_LOST')
  assert.equal(world.cables.length, 1)
})

test('with `plain` sessions are kept over transports that others can read', async (t) => {
  const world = await worldOf(t, { confidential: false, listen: { resume: { plain: true } }, onSession: echo })
  world.cable.cut()
  await world.pass(REDIAL_MS)
  assert.deepEqual(await world.session.call('echo', Uint8Array.of(1)), Uint8Array.of(1))
})

// -- who may come back

test('authorize is asked again, sees the new transport, and the session shows it from then on', async (t) => {
  const seen: unknown[] = []
  const authorize = ({ remote }: Session): unknown => {
    seen.push([remote.address, new TextDecoder().decode(remote.auth), remote.certificate])
    return { user: 'ada', roles: ['admin'] }
  }
  const connect = { auth: new TextEncoder().encode('badge'), codec: 'json' }
  const world = await worldOf(t, { listen: { authorize }, connect })
  const { principal } = world.peer
  world.certificate = 'second certificate'
  world.cable.cut()
  await world.pass(REDIAL_MS)
  assert.deepEqual(seen, [
    ['dialer:0', 'badge', undefined],
    ['dialer:1', 'badge', 'second certificate'],
  ])
  const { address, auth, certificate, codec, confidential } = world.peer.remote
  assert.deepEqual(
    [address, new TextDecoder().decode(auth), certificate, codec, confidential],
    ['dialer:1', 'badge', 'second certificate', 'json', true],
  )
  assert.equal(world.peer.principal, principal)
})

test('to somebody else the session is not known: he may have one of his own', async (t) => {
  const names = ['ada', 'bob']
  const world = await worldOf(t, { listen: { authorize: () => ({ user: names.shift() }) } })
  world.cable.cut()
  await world.pass(REDIAL_MS)
  const error = await world.session.closed
  assert.deepEqual([error?.code, error?.initiator], ['BRAID_SESSION_LOST', 'remote'])
  assert.equal(world.peer.state, 'detached')
})

const refusals: [string, () => unknown][] = [
  ['throws', () => assert.fail('not any more')],
  ['rejects', () => Promise.reject(new Error('not any more'))],
]

for (const [how, second] of refusals) {
  test(`when authorize ${how} the second time, the dialer's session ends with DENIED, and only that`, async (t) => {
    let asked = 0
    const authorize = (): unknown => (++asked === 1 ? { user: 'ada' } : second())
    const world = await worldOf(t, { listen: { authorize } })
    const pending = world.session.call('nobody', none)
    await settle()
    world.cable.cut()
    await world.pass(REDIAL_MS)
    await assert.rejects(pending, { code: 'BRAID_DENIED' })
    const error = await world.session.closed
    assert.deepEqual([error?.code, error?.initiator], ['BRAID_DENIED', 'remote'])
    await world.pass(1_000)
    assert.deepEqual([asked, world.cables.length, world.peer.state], [2, 2, 'detached'])
    assert.equal(world.listener.stats().handshaking, 0)
    await world.pass(KEEP_MS)
    assert.equal((await world.peer.closed)?.code, 'BRAID_SESSION_LOST')
  })
}

test('authorize that takes too long the second time is a no', async (t) => {
  let asked = 0
  const authorize = (): unknown => (++asked === 1 ? 'ada' : new Promise(() => {}))
  const world = await worldOf(t, { listen: { authorize, authorizeTimeoutMs: 1_000 } })
  world.cable.cut()
  await world.pass(900)
  assert.equal(world.session.state, 'detached')
  await world.pass(1_000)
  assert.equal((await world.session.closed)?.code, 'BRAID_DENIED')
})

test('authorize that takes its time the second time is waited for', async (t) => {
  const gate = new Deferred<string>()
  let asked = 0
  const authorize = (): unknown => (++asked === 1 ? 'ada' : gate.promise)
  const world = await worldOf(t, { listen: { authorize }, onSession: echo })
  world.cable.cut()
  const call = world.session.call('echo', Uint8Array.of(1))
  await world.pass(5_000)
  assert.equal(world.session.state, 'detached')
  gate.resolve('ada')
  await settle()
  assert.deepEqual(await call, Uint8Array.of(1))
  assert.equal(world.cables.length, 2)
})

test('frames behind a RESUME that is not answered end the session of the dialer, not of the listener', async (t) => {
  const world = await worldOf(t)
  world.behind = Uint8Array.of(0x20, 0) // PING
  world.cable.cut()
  await world.pass(REDIAL_MS)
  assert.equal((await world.session.closed)?.code, 'BRAID_PROTOCOL')
  assert.equal(world.peer.state, 'detached')
})

// -- the end meanwhile

test('a session that ends while authorize is asked again is not there any more', async (t) => {
  const gate = new Deferred<string>()
  let asked = 0
  const authorize = (): unknown => (++asked === 1 ? 'ada' : gate.promise)
  const world = await worldOf(t, { listen: { authorize } })
  world.cable.cut()
  await world.pass(REDIAL_MS)
  assert.equal(asked, 2)
  await world.peer.close()
  gate.resolve('ada')
  await settle()
  assert.equal((await world.session.closed)?.code, 'BRAID_SESSION_LOST')
})

test('a dialer that leaves while authorize is asked again does not come in', async (t) => {
  const gate = new Deferred<string>()
  let asked = 0
  const authorize = (): unknown => (++asked === 1 ? 'ada' : gate.promise)
  const world = await worldOf(t, { listen: { authorize } })
  world.cable.cut()
  await world.pass(REDIAL_MS)
  await world.session.close()
  await settle()
  gate.resolve('ada')
  await settle()
  assert.deepEqual([asked, world.peer.state, world.listener.stats().handshaking], [2, 'detached', 0])
})

test('a session closed while it has no transport is over at once, and the other side learns it in time', async (t) => {
  const world = await worldOf(t)
  world.refusing = true
  world.cable.cut()
  await settle()
  const stream = world.session.open('x')
  await world.session.close()
  assert.equal(await world.session.closed, undefined)
  assert.equal((await stream.closed)?.code, 'BRAID_CLOSED')
  world.refusing = false
  await world.pass(KEEP_MS)
  assert.equal(world.cables.length, 1, 'it dials no more')
  assert.equal((await world.peer.closed)?.code, 'BRAID_SESSION_LOST')
})

test('a session the listener closed while it had no transport is lost to the dialer as soon as it dials', async (t) => {
  const world = await worldOf(t)
  world.refusing = true
  world.cable.cut()
  await settle()
  await world.peer.close()
  world.refusing = false
  await world.pass(1_000)
  const error = await world.session.closed
  assert.deepEqual([error?.code, error?.initiator], ['BRAID_SESSION_LOST', 'remote'])
})

test('a listener closes sessions that have no transport', async (t) => {
  const world = await worldOf(t)
  world.refusing = true
  world.cable.cut()
  await settle()
  await world.listener.close()
  assert.equal(world.peer.state, 'closed')
  assert.equal(world.listener.sessions.size, 0)
})

test('a session drained while it has no transport drains when it has one again', async (t) => {
  const answer = new Deferred<Uint8Array>()
  const world = await worldOf(t, { onSession: (session) => session.handleCall('later', () => answer.promise) })
  const call = world.session.call('later', none)
  await settle()
  world.cable.cut()
  await settle()
  const draining = world.peer.drain(30_000)
  assert.equal(world.peer.state, 'detached')
  await world.pass(REDIAL_MS)
  assert.deepEqual([world.session.state, world.peer.state], ['draining', 'draining'])
  await assert.rejects(world.session.call('later', none), { code: 'BRAID_GOING_AWAY', executed: 'no' })
  answer.resolve(Uint8Array.of(7))
  assert.deepEqual(await call, Uint8Array.of(7))
  assert.deepEqual(await draining, { streams: 0, calls: 0 })
  assert.equal(await world.session.closed, undefined)
})

test('a drain whose session finds no transport in time cuts, and says what', async (t) => {
  const world = await worldOf(t)
  world.peer.handleCall('never', () => new Promise(() => {}))
  const call = world.session.call('never', none)
  await settle()
  world.refusing = true
  world.cable.cut()
  await settle()
  const draining = world.session.drain(5_000)
  await world.pass(5_000)
  assert.deepEqual(await draining, { streams: 0, calls: 1 })
  await assert.rejects(call, { code: 'BRAID_CLOSED', executed: 'maybe' })
})

test('a session that drains without a transport ends only when its last answer can go out', async (t) => {
  const answer = new Deferred<Uint8Array>()
  const world = await worldOf(t, { onSession: (session) => session.handleCall('later', () => answer.promise) })
  const call = world.session.call('later', none)
  await settle()
  const report = world.peer.drain(KEEP_MS)
  await settle()
  world.cable.cut()
  answer.resolve(Uint8Array.of(7))
  await settle()
  assert.equal(world.peer.state, 'detached')
  await world.pass(REDIAL_MS)
  assert.deepEqual([...(await call)], [7])
  assert.deepEqual(await report, { streams: 0, calls: 0 })
})
