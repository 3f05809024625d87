// A peer by address: a server on TCP that restarts, gently and not, and addresses and options that are none.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { BraidError } from '../engine/errors.ts'
import type { Listener } from '../session/listener.ts'
import { listen } from './connect.ts'
import { type Lost, type PeerAddressOptions, peer } from './peer.ts'

const none = new Uint8Array(0)

function serve(url: string, name: number): Promise<Listener> {
  return listen(url, (session) => {
    session.handleCall('name', () => Uint8Array.of(name))
    session.handleCall('never', () => new Promise(() => {}))
    session.handle('hold', () => {})
    void session.call('hello', Uint8Array.of(name)).catch(() => {})
  })
}

/** Passes connections on until told to break them. */
async function proxy(t: TestContext, url: () => string): Promise<{ url: string; cut(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(new URL(url()).port), '127.0.0.1')
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => other.destroy())
      socket.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  t.after(() => {
    cut()
    server.close()
  })
  return { url: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, cut }
}

test('peer over TCP outlives servers that restart and connections that break', async (t) => {
  let listener = await serve('tcp://127.0.0.1:0', 1)
  const { url } = listener
  const road = await proxy(t, () => url)
  const lost: Lost[] = []
  const greeted: number[] = []
  const remote = peer(road.url, {
    onSession: (session) => void session.handleCall('hello', (bytes) => Uint8Array.of(greeted.push(bytes[0]!))),
    onLost: (each) => lost.push(each),
  })
  const name = async () => (await remote.call('name', none))[0]
  assert.equal(await name(), 1)

  // Gently: it drains, has a stream to finish, and calls go on over the next one without a failure.
  const held = await remote.open('hold')
  held.write(none)
  await name()
  const drained = listener.drain(10_000)
  const during = Promise.all([name(), name()])
  listener = await serve(url, 2)
  assert.deepEqual(await during, [2, 2])
  held.reset('CANCELLED')
  assert.deepEqual(await drained, { streams: 0, calls: 0 })
  assert.equal(lost.length, 0)

  // Not so gently.
  const never = remote.call('never', none)
  const stream = await remote.open('hold')
  assert.equal(await name(), 2)
  road.cut()
  await assert.rejects(never, { code: 'BRAID_TRANSPORT_LOST', executed: 'maybe' })
  const failed = await stream.closed
  assert.equal(failed?.code, 'BRAID_TRANSPORT_LOST')
  assert.equal(await name(), 2)
  assert.deepEqual(
    lost.map(({ error, streams, calls }) => [error.code, streams, calls]),
    [['BRAID_TRANSPORT_LOST', 1, { no: 0, maybe: 1 }]],
  )

  await listener.close()
  listener = await serve(url, 3)
  assert.equal(await name(), 3)
  assert.deepEqual([...new Set(greeted)], [1, 2, 3])
  await remote.close()
  await listener.close()
})

test('peer refuses addresses and options that are none before it dials', () => {
  const refused = (target: string, options: PeerAddressOptions = {}): void => {
    assert.throws(
      () => peer(target, options),
      (error: BraidError) => error.code === 'BRAID_INVALID_INPUT',
    )
  }
  refused('nonsense')
  refused('tcp://127.0.0.1:1', { maxFrame: 1 })
  refused('tcp://127.0.0.1:1', { waitMs: -1 })
})

test('peer over TCP that is denied ends at once', async () => {
  const authorize = (): never => {
    throw new Error('nobody')
  }
  const listener = await listen('tcp://127.0.0.1:0', () => {}, { authorize })
  const remote = peer(listener.url)
  const closed: BraidError | undefined = await remote.closed
  assert.equal(closed?.code, 'BRAID_DENIED')
  await assert.rejects(remote.call('name', none), { code: 'BRAID_DENIED', executed: 'no' })
  await listener.close()
})
