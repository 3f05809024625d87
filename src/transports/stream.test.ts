// A stream of another session as a transport: what is particular to it; what every transport does, the conformance suite sees.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import type { Session } from '../session/session.ts'
import type { Receiver, Stream } from '../session/stream.ts'
import { pair } from '../testing/pair.ts'
import { connect, listen } from './connect.ts'
import { streamTransport } from './stream.ts'

/** A session over a stream of another one, which connect and listen recognise. */
async function inside([outer, other]: readonly [Session, Session]): Promise<[Session, Session]> {
  const [near, far] = await Promise.all([
    connect(outer.open('inner')),
    new Promise<Session>((resolve) => other.handle('inner', (stream) => void listen(stream, resolve))),
  ])
  return [near, far]
}

test('sessions nest three deep, and the end of the outermost is that of all', async () => {
  const outer = pair()
  const middle = await inside(outer)
  const inner = await inside(middle)
  inner[1].handleCall('twice', ([byte]) => Uint8Array.of(2 * byte!))
  assert.deepEqual([...(await inner[0].call('twice', Uint8Array.of(21)))], [42])
  assert.equal(inner[0].remote.address, 'memory:#inner#inner')
  assert.equal(inner[0].remote.confidential, true)
  const pending = inner[0].take('never')
  await outer[0].close()
  await assert.rejects(pending, { code: 'BRAID_TRANSPORT_LOST' })
  for (const session of [...middle, ...inner]) assert.equal((await session.closed)?.code, 'BRAID_TRANSPORT_LOST')
})

test('the end of an inner session ends its stream cleanly, and no other', async () => {
  const outer = pair()
  const [near, far] = await inside(outer)
  await near.close()
  assert.equal(await far.closed, undefined)
  await outer[0].ping()
  assert.equal(outer[0].stats().streamsOpen, 0)
  await outer[0].close()
})

test('a stream that the other side resets is a carrier that broke, and the error says why', async () => {
  const [a, b] = pair()
  b.handle('inner', (stream) => stream.reset(77, 'no sessions here'))
  await assert.rejects(connect(a.open('inner')), (error: Error & { code: string }) => {
    return error.code === 'BRAID_TRANSPORT_LOST' && /#inner: .*no sessions here/.test(error.message)
  })
  await a.close()
})

test('a stream that somebody reads already carries nothing', async () => {
  const [a] = pair()
  const stream = a.open('inner')
  stream.receive({ data() {}, end() {}, failed() {} })
  const read = a.open('inner')
  void read.readable().catch(() => {})
  const sink = { bytes() {}, drained() {}, closed() {} }
  assert.throws(() => streamTransport(read).start(sink), TypeError)
  await a.close()
})

/** A stream of which everything happens while it is told its receiver. */
function failing(happens: (receiver: Receiver) => void): Stream {
  const remote = { address: 'memory:', confidential: true }
  const ready = Promise.reject(new Error('it was reset'))
  ready.catch(() => {})
  const double = {
    name: 'inner',
    session: { remote },
    ready,
    pause() {},
    resume() {},
    end() {},
    reset() {},
    write: () => false,
  }
  return Object.assign(double, { receive: happens }) as unknown as Stream
}

test('a stream that fails before the start is done tells its end once', async () => {
  const error = new BraidError('CANCELLED', 'it was reset')
  for (const happens of [() => {}, (receiver: Receiver) => receiver.failed(error)]) {
    const transport = streamTransport(failing(happens))
    const ends: (string | undefined)[] = []
    const sink = { bytes() {}, drained() {}, closed: (cause?: Error) => void ends.push(cause?.message) }
    transport.send([Uint8Array.of(1)])
    transport.start(sink)
    assert.deepEqual(ends, [])
    for (let turn = 0; turn < 10; turn++) await null
    assert.deepEqual(ends, ['it was reset'])
  }
})

test('the name of a stream, which the other side chose, makes no line of its own in an address', async () => {
  const [a] = pair()
  assert.equal(streamTransport(a.open('in\nner\u2028')).remote, 'memory:#in\\u000aner\\u2028')
  await a.close()
})
