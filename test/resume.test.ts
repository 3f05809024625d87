// Sessions over real sockets whose connection is cut again and again: everything arrives once and in order.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BraidError, connect, listen, type Session } from 'braidwire'
import { Network } from './network/network.ts'

async function world(t: TestContext, onSession: (session: Session) => unknown, keepMs = 10_000) {
  const listener = await listen('tcp://127.0.0.1:0', onSession, { resume: { keepMs, plain: true } })
  const proxy = await Network.to(Number(new URL(listener.url).port))
  t.after(async () => {
    await listener.close()
    await proxy.close()
  })
  const session = await connect(proxy.url, { reconnect: true })
  t.after(() => session.close())
  await session.ping()
  return { listener, proxy, session }
}

test('a transfer and calls go on through twenty cuts, with nothing lost or doubled', async (t) => {
  const executed = new Map<number, number>()
  const { proxy, session } = await world(t, (peer) => {
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
    proxy.cut()
    while (session.state !== 'detached') await sleep(1)
    while (session.state === 'detached') await sleep(1)
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
  const { proxy, session } = await world(t, (peer) => void peers.push(peer), 300)
  const call = session.call('nobody', new Uint8Array(1))
  proxy.refuse(true)
  proxy.cut()
  await assert.rejects(call, { code: 'BRAID_SESSION_LOST', executed: 'maybe' })
  assert.equal((await session.closed)?.code, 'BRAID_SESSION_LOST')
  assert.equal((await peers[0]?.closed)?.code, 'BRAID_SESSION_LOST')
})

test('a server that was started anew does not know the session, and says so at once', async (t) => {
  const { listener, proxy, session } = await world(t, () => {}, 60_000)
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
