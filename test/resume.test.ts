// Sessions over real sockets whose connection is cut again and again: everything arrives once and in order.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BraidError, connect, listen, type Session } from 'braidwire'
import { type Events, events, expose, wrap } from 'braidwire/rpc'
import { cutAndResume, world } from './resume-kit.ts'

test('a transfer and calls go on through twenty cuts, with nothing lost or doubled', async (t) => {
  const executed = new Map<number, number>()
  const made = await world(t, (peer) => {
    peer.handleCall('count', async (bytes) => {
      const n = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
      executed.set(n, (executed.get(n) ?? 0) + 1)
      return bytes.slice()
    })
    peer.handle('file', async (stream) => {
      const hash = createHash('sha256')
      for await (const chunk of stream) hash.update(chunk)
      stream.end({ sha256: hash.digest('hex') })
    })
  })
  const { proxy, session } = made
  const states: string[] = []
  void (async () => {
    for await (const state of session.states()) states.push(state)
  })()
  const hash = createHash('sha256')
  const stream = session.open('file')
  let sending = true
  const calls: Promise<Uint8Array>[] = []
  const upload = (async () => {
    for (let i = 0; sending || i < 400; i++) {
      const chunk = new Uint8Array(65_536).fill(i)
      hash.update(chunk)
      if (!stream.write(chunk)) await stream.ready
      const number = new Uint8Array(4)
      new DataView(number.buffer).setUint32(0, calls.length)
      calls.push(session.call('count', number))
    }
    stream.end()
  })()
  for (let i = 0; i < 20; i++) {
    await sleep(20)
    await cutAndResume(made)
  }
  sending = false
  await upload
  let trailer: unknown
  stream.receive({ data: () => {}, end: (meta) => (trailer = meta), failed: () => {} })
  assert.equal(await stream.closed, undefined)
  assert.deepEqual(trailer, { sha256: hash.digest('hex') })
  const replies = await Promise.all(calls)
  for (const [i, reply] of replies.entries()) assert.equal(new DataView(reply.buffer, reply.byteOffset).getUint32(0), i)
  assert.equal(executed.size, calls.length)
  assert.ok([...executed.values()].every((times) => times === 1))
  assert.equal(proxy.cuts, 20)
  assert.equal(states.filter((state) => state === 'detached').length, 20)
})

test('a session that is not resumed in time ends on both sides with SESSION_LOST', async (t) => {
  const peers: Session[] = []
  const { proxy, session } = await world(t, (peer) => void peers.push(peer), { resume: { keepMs: 300 } })
  const call = session.call('nobody', new Uint8Array(1))
  proxy.refuse(true)
  proxy.cut()
  await assert.rejects(call, { code: 'BRAID_SESSION_LOST', executed: 'maybe' })
  assert.equal((await session.closed)?.code, 'BRAID_SESSION_LOST')
  assert.equal((await peers[0]?.closed)?.code, 'BRAID_SESSION_LOST')
})

test('a side that closes while it has no connection cannot say so: the other one learns that the session is lost', async (t) => {
  let arrived: Session | undefined
  const { proxy, session, listener } = await world(t, (peer) => (arrived = peer), { resume: { keepMs: 1_000 } })
  proxy.refuse(true)
  proxy.cut()
  for await (const state of session.states()) if (state === 'detached') break
  await session.close()
  assert.equal(await session.closed, undefined)
  assert.equal((await arrived?.closed)?.code, 'BRAID_SESSION_LOST', 'when it has been kept for its time')
  assert.equal(listener.sessions.size, 0)

  proxy.refuse(false)
  const again = await connect(proxy.url, { reconnect: true })
  await again.ping()
  const second = [...listener.sessions][0] as Session
  proxy.refuse(true)
  proxy.cut()
  for await (const state of second.states()) if (state === 'detached') break
  await second.close()
  proxy.refuse(false)
  assert.equal((await again.closed)?.code, 'BRAID_SESSION_LOST', 'as soon as it comes back')
})

test('a server that was started anew does not know the session, and says so at once', async (t) => {
  const { listener, proxy, session } = await world(t, () => {}, { resume: { keepMs: 60_000 } })
  const { port } = new URL(listener.url)
  proxy.refuse(true)
  proxy.cut()
  // Its sessions are cut, not closed: nobody says goodbye.
  const again = listen(`tcp://127.0.0.1:${port}`, () => {}, {})
  await assert.rejects(again, BraidError) // in use
  await listener.close()
  const next = await listen(`tcp://127.0.0.1:${port}`, () => {}, {})
  t.after(() => next.close())
  proxy.refuse(false)
  assert.equal((await session.closed)?.code, 'BRAID_SESSION_LOST')
})

/** Items, a callback, and a call that notes how often it was made. */
function makeApi(executed: number[]) {
  return {
    async *count(to: number) {
      for (let i = 0; i < to; i++) {
        if (i % 20 === 0) await sleep(5)
        yield i
      }
    },
    async each(to: number, ask: (n: number) => Promise<number>) {
      let sum = 0
      for (let i = 0; i < to; i++) sum += await ask(i)
      return sum
    },
    double(n: number) {
      executed.push(n)
      return 2 * n
    },
  }
}

test('typed calls with items, callbacks and events run on across cuts, both ways', async (t) => {
  const ROUNDS = 400
  const executed: number[] = []
  const rooms: Events<{ tick: number }>[] = []
  const api = makeApi(executed)
  const made = await world(t, (peer) => {
    rooms.push(events<{ tick: number }>(peer, 'news'))
    expose(peer, api)
  })
  const remote = wrap<typeof api>(made.session)
  const news = events(made.session, 'news').on('tick', { buffer: ROUNDS, overflow: 'fail' })
  await news.ready
  const [room] = rooms
  let cutting = true
  const cuts = (async () => {
    for (let i = 0; i < 8; i++) {
      await sleep(25)
      await cutAndResume(made)
    }
    cutting = false
  })()
  const counted = (async () => {
    const seen: number[] = []
    for await (const n of remote.count(ROUNDS)) seen.push(n)
    return seen
  })()
  const asked: number[] = []
  const sum = remote.each(ROUNDS, async (n) => {
    asked.push(n)
    return n
  })
  const doubled: number[] = []
  for (let i = 0; cutting || i < ROUNDS; i++) {
    if (i < ROUNDS) room!.emit('tick', i)
    doubled.push(await remote.double(i))
  }
  await cuts
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)
  assert.deepEqual(await counted, upTo(ROUNDS))
  assert.equal(await sum, (ROUNDS * (ROUNDS - 1)) / 2)
  assert.deepEqual(asked, upTo(ROUNDS))
  assert.deepEqual(executed, upTo(executed.length), 'each once, in order')
  assert.deepEqual(
    doubled,
    executed.map((n) => 2 * n),
  )
  const ticks: unknown[] = []
  for await (const tick of news) {
    ticks.push(tick)
    if (ticks.length === ROUNDS) break
  }
  assert.deepEqual(ticks, upTo(ROUNDS))
  assert.deepEqual([made.proxy.cuts, rooms.length], [8, 1])
})

test('streams, calls and messages of the listener run on across cuts, too', async (t) => {
  const peers: Session[] = []
  const made = await world(t, (peer) => void peers.push(peer))
  const [peer] = peers
  const messages: number[] = []
  made.session.handleCall('echo', (bytes) => bytes.slice())
  made.session.handleMessage((bytes) => void messages.push(bytes[0]!))
  const hash = createHash('sha256')
  made.session.handle('file', async (stream) => {
    for await (const chunk of stream) hash.update(chunk)
    stream.end({ sha256: hash.digest('hex') })
  })
  const sent = createHash('sha256')
  const stream = peer!.open('file')
  const sending = (async () => {
    for (let i = 0; i < 200; i++) {
      const chunk = new Uint8Array(65_536).fill(i)
      sent.update(chunk)
      if (!stream.write(chunk)) await stream.ready
      await peer!.message(Uint8Array.of(i))
      assert.deepEqual(await peer!.call('echo', Uint8Array.of(i)), Uint8Array.of(i))
    }
    stream.end()
  })()
  for (let i = 0; i < 6; i++) {
    await sleep(15)
    await cutAndResume(made)
  }
  await sending
  assert.equal(await stream.readable(), false)
  assert.deepEqual(stream.trailer, { sha256: sent.digest('hex') })
  assert.deepEqual(
    messages,
    Array.from({ length: 200 }, (_, n) => n),
  )
})

test('a peer that may not come back is told so, on everything that is pending', async (t) => {
  let welcome = true
  const authorize = () => {
    if (!welcome) throw new BraidError('DENIED', 'not any more')
    return 'ada'
  }
  const { proxy, session } = await world(t, () => {}, { authorize })
  const call = session.call('nobody', new Uint8Array(1))
  const stream = session.open('nobody')
  await session.ping()
  welcome = false
  proxy.cut()
  await assert.rejects(call, { code: 'BRAID_DENIED' })
  assert.equal((await stream.closed)?.code, 'BRAID_DENIED')
  assert.equal((await session.closed)?.code, 'BRAID_DENIED')
})

test('a session that is cut while its listener drains comes back and is answered; nobody new is let in', async (t) => {
  let release: (bytes: Uint8Array) => void = () => {}
  const answer = new Promise<Uint8Array>((resolve) => {
    release = resolve
  })
  const made = await world(t, (peer) => peer.handleCall('later', () => answer))
  const call = made.session.call('later', new Uint8Array(1))
  await made.session.ping()
  made.proxy.cut()
  const drained = made.listener.drain(10_000)
  await assert.rejects(connect(made.listener.url), { code: 'BRAID_GOING_AWAY' })
  while (made.session.state !== 'draining') await sleep(5)
  release(Uint8Array.of(7))
  assert.deepEqual(await call, Uint8Array.of(7))
  assert.deepEqual(await drained, { streams: 0, calls: 0 })
  await assert.rejects(connect(made.listener.url), { code: 'BRAID_UNREACHABLE' })
})
