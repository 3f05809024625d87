// Peers that are suddenly gone: what was pending settles at once, and an end of the connection is no end of a stream.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type BraidError, connect, type Session, type Stream } from 'braidwire'

const PREFACE_AND_HELLO = Buffer.from('f54252440d0a1a010000', 'hex')
/** OPEN of stream 0 named `file`; DATA `abc` on it; the same announced as 16 KiB; FIN on it. */
const OPEN = Buffer.from('400800030466696c6500', 'hex')
const DATA = Buffer.from('480400616263', 'hex')
const DATA_BEGUN = Buffer.from('48800040000061', 'hex')
const FIN = Buffer.from('490100', 'hex')

/** A session, and the bare socket of its peer, which shook hands and says what the test wants. */
async function vanishing(t: TestContext): Promise<[Session, Socket]> {
  const server = createServer({ noDelay: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const { port } = server.address() as { port: number }
  const connecting = connect(`tcp://127.0.0.1:${port}`)
  const [socket] = await accepted
  t.after(() => socket.destroy())
  socket.resume()
  socket.write(PREFACE_AND_HELLO)
  return [await connecting, socket]
}

async function readAll(stream: Stream): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** Everything of a session that can be waited for, waited for. */
function everything(session: Session): Promise<unknown>[] {
  const stream = session.open('confirmed', { confirm: true })
  while (stream.write(new Uint8Array(65_536)));
  const message = session.open('messages')
  const waits = [
    session.call('method', new Uint8Array(10)),
    session.call('method', new Uint8Array(100_000)),
    session.message(new Uint8Array(10)),
    session.ping(),
    session.take('never'),
    session.streams().next(),
    stream.readable(),
    stream.ready,
    stream.accepted,
    stream.closed,
    message.messages().next(),
    session.open('batches').batches().next(),
    session.closed,
    (async () => {
      for await (const state of session.states()) assert.ok(state)
    })(),
  ]
  return [...waits, session.drain(600_000)]
}

for (const manner of ['destroy', 'resetAndDestroy'] as const) {
  test(`a peer that vanishes mid-frame (${manner}) settles everything within a second`, {
    timeout: 10_000,
  }, async (t) => {
    const [session, socket] = await vanishing(t)
    const signal = session.open('signal').signal
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    const settled = Promise.allSettled([...everything(session), aborted])
    await once(socket, 'data')
    await new Promise<void>((resolve) => void socket.write(Buffer.concat([OPEN, DATA_BEGUN]), () => resolve()))
    const start = performance.now()
    socket[manner]()
    await settled
    assert.ok(performance.now() - start < 1000)
    const error = await session.closed
    assert.equal(error?.code, 'BRAID_TRANSPORT_LOST')
    assert.equal(session.state, 'closed')
  })
}

const endings: readonly (readonly [string, Buffer])[] = [
  ['between two frames', Buffer.concat([OPEN, DATA])],
  ['within a frame', Buffer.concat([OPEN, DATA, DATA_BEGUN])],
  ['within a header', Buffer.concat([OPEN, DATA, DATA_BEGUN.subarray(0, 2)])],
]

for (const [where, bytes] of endings) {
  test(`an end of the connection ${where} is no clean end of a stream`, { timeout: 10_000 }, async (t) => {
    const [session, socket] = await vanishing(t)
    const taken = session.take('file')
    socket.end(bytes)
    const stream = await taken
    await assert.rejects(readAll(stream), { code: 'BRAID_TRANSPORT_LOST' })
    assert.equal((await stream.closed)?.code, 'BRAID_TRANSPORT_LOST')
    assert.equal(((await session.closed) as BraidError).code, 'BRAID_TRANSPORT_LOST')
  })
}

test('a stream that had ended before the connection did has ended cleanly', { timeout: 10_000 }, async (t) => {
  const [session, socket] = await vanishing(t)
  const taken = session.take('file')
  socket.end(Buffer.concat([OPEN, DATA, FIN]))
  assert.equal(await readAll(await taken), 'abc')
  assert.equal((await session.closed)?.code, 'BRAID_TRANSPORT_LOST')
})
