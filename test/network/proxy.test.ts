// The tests' own network does what it says: in order, late, not at all, and cut.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, connect as dial, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { TcpProxy, type Weather } from './proxy.ts'

async function world(t: TestContext, weather?: Partial<Weather>): Promise<[TcpProxy, Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy = await TcpProxy.to((server.address() as { port: number }).port, weather)
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const near = dial({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true })
  const [far] = await accepted
  for (const socket of [near, far]) socket.on('error', () => {})
  t.after(async () => {
    near.destroy()
    far.destroy()
    await proxy.close()
    server.close()
  })
  return [proxy, near, far]
}

/** Reads to the end, and leaves the other half alone. */
async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'end')
  return Buffer.concat(chunks)
}

test('what is sent arrives in order and to the end, also over a slow and long link', async (t) => {
  for (const weather of [{}, { delayMs: 20, rate: 20_000_000 }]) {
    const [proxy, near, far] = await world(t, weather)
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251))
    near.end(sent)
    assert.ok((await readAll(far)).equals(sent))
    far.end('back')
    assert.equal((await readAll(near)).toString(), 'back')
    assert.deepEqual([proxy.up, proxy.down], [300_000, 4])
  }
})

test('what is held arrives later; what is swallowed never does', async (t) => {
  const [proxy, near, far] = await world(t)
  proxy.mood = 'hold'
  near.write('held ')
  await sleep(50)
  assert.equal(far.bytesRead, 0)
  proxy.mood = 'carry'
  const [first] = (await once(far, 'data')) as [Buffer]
  assert.equal(first.toString(), 'held ')
  proxy.mood = 'swallow'
  near.write('lost ')
  await sleep(50)
  proxy.mood = 'carry'
  near.write('carried')
  const [second] = (await once(far, 'data')) as [Buffer]
  assert.equal(second.toString(), 'carried')
})

test('a cut ends both sides, and a new connection is taken unless refused', async (t) => {
  const [proxy, near, far] = await world(t)
  const ends = [near, far].map((socket) => new Promise((resolve) => socket.once('close', resolve)))
  proxy.cut()
  await Promise.all(ends)
  assert.equal(proxy.cuts, 1)
  proxy.refuse(true)
  const refused = dial({ port: proxy.port, host: '127.0.0.1' })
  refused.on('error', () => {})
  await new Promise((resolve) => refused.once('close', resolve))
  assert.equal(proxy.accepted, 1)
})

test('connections share a throttled link, and none starves', async (t) => {
  const rate = 4_000_000
  const received = [0, 0]
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', ([first]: Buffer) => socket.on('data', ({ length }) => (received[first!]! += length)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy = await TcpProxy.to((server.address() as { port: number }).port, { rate })
  const sockets = received.map((_, number) => {
    const socket = dial({ port: proxy.port, host: '127.0.0.1' })
    socket.on('error', () => {})
    socket.write(Uint8Array.of(number))
    const chunk = Buffer.alloc(64 * 1024)
    const write = () => {
      while (!socket.destroyed && socket.write(chunk));
    }
    socket.once('connect', () => setTimeout(write, 20))
    socket.on('drain', write)
    return socket
  })
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await proxy.close()
    server.close()
  })
  const begun = performance.now()
  const total = () => received[0]! + received[1]!
  while (total() < rate / 2) await sleep(10)
  // However busy the machine is: it can be slower than the link, and never faster.
  const most = (rate * (performance.now() - begun)) / 1000
  assert.ok(total() <= most, `${total()} bytes, more than the ${most} a link of that rate can carry`)
  assert.ok(Math.min(...received) > 0.25 * total(), `shared as ${received.join(' to ')}`)
})
