// LiveListener over transports in memory: who is among its sessions, who is refused, how it ends.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memory } from '../transports/memory.ts'
import { Budget } from './budget.ts'
import { LiveListener } from './listener.ts'
import type { Session } from './session.ts'
import { connectSession } from './start.ts'
import type { Transport } from './transport.ts'

/** The other end of a transport, which says nothing until told to. */
class Silent {
  readonly transport: Transport
  readonly closed: Promise<void>
  bytes = 0

  constructor(transport: Transport) {
    this.transport = transport
    this.closed = new Promise((resolve) => {
      transport.start({
        bytes: (chunk) => {
          this.bytes += chunk.length
        },
        drained: () => {},
        closed: () => resolve(),
      })
    })
  }
}

/** A transport that does nothing. */
const stub = { remote: 'stub:', send: () => true, pause: () => {}, resume: () => {}, close: () => {} }

function silent(listener: LiveListener): Silent {
  const [near, far] = memory()
  listener.accept(far)
  return new Silent(near)
}

async function dialled(listener: LiveListener): Promise<Session> {
  const [near, far] = memory()
  listener.accept(far)
  return connectSession(near)
}

/** A listener, and the sessions it was given in order. */
function listening(options: ConstructorParameters<typeof LiveListener>[1] = {}): [LiveListener, Session[]] {
  const given: Session[] = []
  return [new LiveListener((session) => given.push(session), options), given]
}

test('Listener counts a session as soon as it is admitted and until it is closed', async () => {
  const [listener, given] = listening()
  const session = await dialled(listener)
  assert.deepEqual([...listener.sessions], given)
  assert.equal(given.length, 1)
  await session.close()
  await given[0]!.closed
  assert.equal(listener.sessions.size, 0)
  await listener.close()
})

test('Listener gives a session before anything the peer sent', async () => {
  const listener = new LiveListener((session) => session.handleCall('early', (bytes) => bytes), {})
  const session = await dialled(listener)
  assert.equal((await session.call('early', new Uint8Array(2))).length, 2)
  await listener.close()
})

test('Listener ends a session whose callback throws, and only that one', async () => {
  let count = 0
  const listener = new LiveListener(() => {
    if (++count === 1) throw new Error('no')
  }, {})
  const first = await dialled(listener)
  assert.equal((await first.closed)?.code, 'BRAID_INTERNAL')
  const second = await dialled(listener)
  assert.equal(second.state, 'ready')
  await listener.close()
})

test('Listener closes the oldest handshake when there are too many, and tells a stranger nothing', async () => {
  const [listener] = listening({ budget: new Budget({ handshakes: 3 }) })
  const strangers = [silent(listener), silent(listener), silent(listener)]
  const session = await dialled(listener)
  await strangers[0]!.closed
  assert.equal(strangers[0]!.bytes, 0)
  assert.equal(session.state, 'ready')
  const { limits, ...counts } = listener.stats()
  assert.deepEqual(counts, { accepted: 4, sessions: 1, handshaking: 2, refused: 1 })
  assert.deepEqual(limits.handshakes, { max: 3, used: 2, refused: 1 })
  await listener.close()
  await Promise.all(strangers.map((stranger) => stranger.closed))
})

test('Listener refuses outright when even the refused do not go', async () => {
  const [listener] = listening({ budget: new Budget({ handshakes: 1 }) })
  let closes = 0
  const stuck: Transport = {
    start: () => {},
    send: () => true,
    pause: () => {},
    resume: () => {},
    close: () => {
      closes++
    },
    remote: 'stuck',
  }
  for (let i = 0; i < 3; i++) listener.accept({ ...stuck })
  assert.equal(closes, 1)
  assert.equal(listener.stats().refused, 2)
})

test('Listener drain waits for what is open, closes who is shaking hands, and takes nobody new', async () => {
  const [listener, given] = listening()
  const session = await dialled(listener)
  const stranger = silent(listener)
  let answer: (bytes: Uint8Array) => void = () => {}
  const called = new Promise<void>((resolve) => {
    given[0]!.handleCall('slow', () => {
      resolve()
      return new Promise((settle) => {
        answer = settle
      })
    })
  })
  const reply = session.call('slow', new Uint8Array(0))
  await called
  const drained = listener.drain(60_000)
  await stranger.closed
  const late = silent(listener)
  await late.closed
  answer(Uint8Array.of(7))
  assert.equal((await reply)[0], 7)
  assert.deepEqual(await drained, { streams: 0, calls: 0 })
  assert.equal(await session.closed, undefined)
})

test('Listener drain tells what it had to cut', async () => {
  const [listener] = listening()
  const sessions = [await dialled(listener), await dialled(listener)]
  for (const session of sessions) session.open('never taken').write(new Uint8Array(1))
  await Promise.all(sessions.map((session) => session.ping()))
  assert.deepEqual(await listener.drain(0), { streams: 2, calls: 0 })
})

test('Listener closes its sources, and those that come late', async () => {
  const [listener] = listening()
  let closes = 0
  const source = { url: 'memory:1', close: async () => void closes++ }
  listener.add(source)
  assert.deepEqual([listener.url, listener.urls], ['memory:1', ['memory:1']])
  await listener.close()
  await listener.close()
  assert.equal(closes, 1)
  listener.add(source)
  assert.equal(closes, 2)
})

test('Listener shuts its doors once, however often it is told to end', async () => {
  const [listener] = listening()
  let closes = 0
  listener.add({ url: 'memory:1', close: () => closes++ })
  await listener.drain(0)
  await listener.drain(0)
  await listener[Symbol.asyncDispose]()
  assert.equal(closes, 1)
})

test('Listener ends when its signal aborts', async () => {
  const controller = new AbortController()
  const [listener] = listening({ signal: controller.signal })
  const session = await dialled(listener)
  controller.abort()
  assert.equal(await session.closed, undefined)
  await listener.close()
  assert.throws(() => listening({ signal: controller.signal }), { code: 'BRAID_CANCELLED' })
})

test('Listener refuses options out of bounds at once', () => {
  assert.throws(() => listening({ maxFrame: 1 }), { code: 'BRAID_INVALID_INPUT' })
  const budget = { bytes: 1 } as unknown as Budget
  assert.throws(() => listening({ budget }), { code: 'BRAID_INVALID_INPUT', message: /option budget/ })
})

test('listener closes its sessions though a door cannot be shut, and says so', async () => {
  const listener = new LiveListener(() => {}, {})
  listener.add({
    url: 'x:',
    close: () => {
      throw new Error('stuck')
    },
  })
  const [near, far] = memory()
  listener.accept(far)
  const session = await connectSession(near)
  await assert.rejects(listener.close(), /stuck/)
  assert.equal(await session.closed, undefined)
})

test('Listener tells who comes when there is no place which limit that is, and makes no session of him', async () => {
  const rows = [
    ['sessions', { sessions: 1 }],
    ['sessionsPerAddress', { sessionsPerAddress: 1 }],
  ] as const
  for (const [name, limits] of rows) {
    const budget = new Budget(limits)
    const [listener, given] = listening({ budget })
    const first = await dialled(listener)
    const max = 1
    await assert.rejects(dialled(listener), {
      code: 'BRAID_EXHAUSTED',
      initiator: 'remote',
      message: `no more sessions are taken: the limit ${name} (${max}) of the Budget is reached`,
    })
    const stranger = silent(listener)
    assert.deepEqual([given.length, listener.stats().sessions], [1, 1])
    assert.deepEqual(listener.stats().limits[name], { max, used: 1, refused: 2 })
    await first.close()
    await given[0]?.closed
    assert.equal((await dialled(listener)).state, 'ready')
    await listener.close()
    await stranger.closed
    assert.equal(stranger.bytes, 0)
    const { sessions, handshakes, sessionsPerAddress } = budget.stats()
    assert.deepEqual([sessions.used, handshakes.used, sessionsPerAddress.used], [0, 0, 0])
  }
})

test('Listener tells who was still shaking hands when the last place went', async () => {
  const budget = new Budget({ sessions: 1 })
  const [listener] = listening({ budget })
  const [near, far] = memory()
  listener.accept(far)
  const first = await dialled(listener)
  const second = await connectSession(near)
  const error = await second.closed
  assert.deepEqual([error?.code, error?.initiator], ['BRAID_EXHAUSTED', 'remote'])
  assert.match(error?.message ?? '', /the limit sessions \(1\)/)
  assert.equal(first.state, 'ready')
  await listener.close()
})

test("Listeners with one Budget push out each other's oldest handshake", async () => {
  const budget = new Budget({ handshakes: 2 })
  const [[one], [two]] = [listening({ budget }), listening({ budget })]
  const strangers = [silent(one), silent(two), silent(two)]
  await strangers[0]?.closed
  assert.deepEqual(
    [one, two].map((each) => each.stats().handshaking),
    [0, 2],
  )
  assert.deepEqual(
    [one, two].map((each) => each.stats().refused),
    [1, 0],
  )
  await Promise.all([one.close(), two.close()])
  assert.equal(budget.stats().handshakes.used, 0)
})

test('Listener takes a transport that throws when it is started for one that is at its end', async () => {
  const [listener, given] = listening({ budget: new Budget({ handshakes: 1 }) })
  for (let count = 0; count < 3; count++) {
    let closes = 0
    const thrown = new Error('it does not start')
    const start = (): void => {
      throw thrown
    }
    const transport = { ...stub, start, close: () => closes++ }
    assert.equal(listener.accept(transport), thrown)
    assert.equal(closes, 1)
  }
  assert.equal(listener.stats().handshaking, 0)
  assert.equal(listener.stats().limits.handshakes?.used, 0)
  const session = await dialled(listener)
  assert.equal(given.length, 1)
  await session.close()
  await listener.close()
})
