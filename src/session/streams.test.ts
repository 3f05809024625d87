// What a session makes of a peer that is not itself: an engine driven by hand, saying what no session of ours would say.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Engine, EngineEvent, EngineStream, RawMeta } from '../engine/contract.ts'
import { createEngine } from '../engine/engine.ts'
import { parseOptions } from '../engine/options.ts'
import { ManualClock } from '../testing/pair.ts'
import { memory } from '../transports/memory.ts'
import { Budget } from './budget.ts'
import { LiveSession } from './live-session.ts'
import { parseSessionOptions, type SessionOptions } from './options.ts'
import type { Session } from './session.ts'
import { startSession } from './start.ts'
import type { Stream } from './stream.ts'
import type { Transport, TransportSink } from './transport.ts'

const filled = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value)
const none = new Uint8Array(0)
const json = (text: string): RawMeta => ({ json: true, bytes: new TextEncoder().encode(text) })
const ordinary = { urgency: 3, confirm: false }

function newEngine(): Engine {
  return createEngine(parseOptions(), { waitForPreface: false, gate: false, random: () => 0 })
}

/** The other side of a session: an engine, its events, and whatever is commanded of it. */
class Peer implements TransportSink {
  readonly engine = newEngine()
  private readonly transport: Transport
  private readonly events: EngineEvent[] = []
  private readonly waiting: (() => void)[] = []

  constructor(transport: Transport) {
    this.transport = transport
    transport.start(this)
    this.flush()
  }
  bytes(chunk: Uint8Array): void {
    this.engine.receive(chunk, 0)
    this.flush()
  }
  drained(): void {}
  closed(): void {}

  flush(): void {
    for (let event = this.engine.event(); event !== undefined; event = this.engine.event()) this.events.push(event)
    const out: Uint8Array[] = []
    while (this.engine.transmit(out, 1 << 20, 0) > 0);
    if (out.length > 0) this.transport.send(out)
    for (const wake of this.waiting.splice(0)) wake()
  }

  /** The next event of a type. */
  async next<T extends EngineEvent['type']>(type: T): Promise<EngineEvent & { type: T }> {
    for (;;) {
      const index = this.events.findIndex((event) => event.type === type)
      if (index >= 0) return this.events.splice(index, 1)[0] as EngineEvent & { type: T }
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
  }
}

function against(options: SessionOptions = {}): { session: Session; peer: Peer } {
  const [near, far] = memory()
  return { session: startSession(near, options), peer: new Peer(far) }
}

test('stream whose metadata is not JSON is refused, and costs no open credit', async () => {
  const { session, peer } = against({ maxStreams: 32 })
  session.handle('*', () => assert.fail('dispatched'))
  for (let i = 0; i < 100; i++) {
    const meta = i % 2 === 0 ? json('{"open":') : { json: true, bytes: Uint8Array.of(0xff, 0xfe) }
    const stream = peer.engine.open({ name: 'x', meta, ...ordinary })
    peer.engine.write(stream, filled(10))
    peer.flush()
    const { error } = await peer.next('reset')
    assert.deepEqual([error.code, error.reason], ['BRAID_REFUSED', 'metadata is not JSON'])
  }
  assert.equal(session.stats().streamsOpen, 0)
  await session.close()
})

test('answer or trailer that is not JSON resets its stream', async () => {
  const { session, peer } = against()
  const answered = session.open('answer')
  peer.engine.accept((await peer.next('open')).stream, json('nope'))
  peer.flush()
  assert.equal((await answered.closed)?.code, 'BRAID_INVALID_INPUT')
  const ended = session.open('trailer')
  peer.engine.end((await peer.next('open')).stream, json('nope'))
  peer.flush()
  assert.equal((await ended.closed)?.code, 'BRAID_INVALID_INPUT')
  await session.close()
})

test('metadata as bytes is a copy, not a view of what was received', async () => {
  const { session, peer } = against()
  const taken = session.take('x')
  peer.engine.open({ name: 'x', meta: { json: false, bytes: filled(5) }, ...ordinary })
  peer.flush()
  const { meta } = await taken
  assert.equal((meta as Uint8Array).buffer.byteLength, 5)
  await session.close()
})

test('call stream that does not name its method is refused', async () => {
  const { session, peer } = against()
  for (const meta of [undefined, json('{}'), json('{"method":7}'), json('{"method":"x","deadline":"soon"}')]) {
    peer.engine.open({ name: '$call', meta, ...ordinary })
    peer.flush()
    assert.equal((await peer.next('reset')).error.code, 'BRAID_INVALID_INPUT')
  }
  await session.close()
})

test('call stream that is reset before its arguments have come is forgotten', async () => {
  const { session, peer } = against()
  session.handleCall('x', () => assert.fail('run'))
  const stream = peer.engine.open({ name: '$call', meta: json('{"method":"x"}'), ...ordinary })
  peer.engine.write(stream, filled(1000))
  peer.flush()
  await session.ping()
  peer.engine.reset(stream, 14, '')
  peer.flush()
  await session.ping()
  assert.equal(session.stats().streamsOpen, 0)
  assert.equal(session.stats().limits.maxAssembled?.used, 0)
  assert.deepEqual(await session.drain(0), { streams: 0, calls: 0 })
})

test('reply stream that no reply names waits within its window', async () => {
  const { session, peer } = against()
  const stream = peer.engine.open({ name: '$reply', ...ordinary })
  peer.engine.write(stream, filled(5_000_000))
  peer.flush()
  await session.ping()
  assert.ok(stream.queued > 3_000_000)
  await session.close()
})

test('reply stream that is reset fails its call', async () => {
  const { session, peer } = against()
  const call = session.call('x', none)
  const { slot } = await peer.next('call')
  const stream = peer.engine.open({ name: '$reply', ...ordinary })
  peer.engine.write(stream, filled(1000))
  peer.engine.replyVia(slot, stream)
  peer.flush()
  await session.ping()
  peer.engine.reset(stream, 20, 'gone')
  peer.flush()
  await assert.rejects(call, { code: 'BRAID_NOT_FOUND', message: 'gone', scope: 'call' })
  await session.close()
})

test('stream the peer closes the session under arrives as far as it came', async () => {
  const { session, peer } = against()
  const taken = session.take('x')
  const stream = peer.engine.open({ name: 'x', ...ordinary })
  peer.engine.write(stream, filled(100))
  peer.engine.end(stream)
  peer.flush()
  const far = await taken
  peer.engine.close(0, '')
  peer.flush()
  await session.closed
  let sum = 0
  for await (const chunk of far) sum += chunk.length
  assert.equal(sum, 100)
})

/** An engine that keeps account of what it delivered and what was consumed of it. */
function counting(): { engine: Engine; owed: () => number; twice: () => boolean } {
  const engine = newEngine()
  const { event, consume } = { event: engine.event.bind(engine), consume: engine.consume.bind(engine) }
  const open = new Map<EngineStream, number>()
  let negative = false
  engine.event = () => {
    const next = event()
    if (next?.type === 'data') {
      open.set(next.stream, (open.get(next.stream) ?? 0) + next.bytes.length + (next.eom ? 1 : 0))
    }
    return next
  }
  engine.consume = (stream, bytes, messages) => {
    const left = (open.get(stream) ?? 0) - bytes - messages
    if (left < 0) negative = true
    open.set(stream, left)
    consume(stream, bytes, messages)
  }
  return { engine, owed: () => [...open.values()].reduce((sum, left) => sum + left, 0), twice: () => negative }
}

const sink = { data: () => {}, end: () => {}, failed: () => {} }
/** Ways to treat a stream that has arrived. */
const ways: ((stream: Stream) => unknown)[] = [
  async (stream) => {
    for await (const _ of stream);
  },
  async (stream) => {
    for await (const _ of stream.messages());
  },
  async (stream) => {
    for await (const _ of stream.batches()) break
  },
  (stream) => stream.receive(sink),
  (stream) => stream.receive({ ...sink, data: () => stream.pause() }),
  (stream) => {
    stream.receive({ ...sink, data: () => stream.pause() })
    stream.reset('CANCELLED')
  },
  (stream) =>
    stream.receive({
      ...sink,
      data: () => {
        stream.pause()
        stream.stop('CANCELLED')
      },
    }),
  (stream) => stream.reset('CANCELLED'),
  (stream) => stream.stop('CANCELLED'),
  (stream) => stream.read(),
  () => {},
]

test('every byte and message end delivered is consumed once, however the stream is read or ends', async () => {
  const [near, far] = memory()
  const { engine, owed, twice } = counting()
  const session = new LiveSession(engine, near, parseSessionOptions(), {}, new Budget().dialled())
  session.start()
  const peer = new Peer(far)
  const held: Stream[] = []
  for (const [index, way] of ways.entries()) {
    for (const finish of ['end', 'reset', 'none'] as const) {
      session.handle(`${finish}-${index}`, (stream) => {
        held.push(stream)
        void Promise.resolve(way(stream)).catch(() => {})
      })
      const stream = peer.engine.open({ name: `${finish}-${index}`, ...ordinary })
      for (let i = 0; i < 20; i++) peer.engine.write(stream, filled(i * 10), true)
      peer.engine.write(stream, filled(3000))
      if (finish === 'end') peer.engine.end(stream)
      peer.flush()
      await session.ping()
      peer.engine.write(stream, filled(3000))
      if (finish === 'reset') peer.engine.reset(stream, 14, '')
      peer.flush()
      await session.ping()
      for (const stream of held.splice(0)) stream.reset('CANCELLED')
      await session.ping()
      assert.equal(twice(), false, `${finish}, way ${index}`)
    }
  }
  assert.equal(owed(), 0)
  await session.close()
})

test('every stream of the peer is settled once, whoever takes it and however it ends', async () => {
  const [near, far] = memory()
  const engine = newEngine()
  const settle = engine.settle.bind(engine)
  const settles = new Map<EngineStream, number>()
  engine.settle = (stream) => {
    settles.set(stream, (settles.get(stream) ?? 0) + 1)
    settle(stream)
  }
  const clock = new ManualClock()
  const session = new LiveSession(engine, near, parseSessionOptions({ clock }), {}, new Budget().dialled())
  session.start()
  const peer = new Peer(far)
  session.handle('sync', () => {})
  session.handle('async', async () => {})
  session.handle('throws', () => {
    throw new Error('x')
  })
  session.handle('rejects', async (stream) => {
    stream.reset('CANCELLED')
    throw new Error('x')
  })
  const taken = session.take('taken')
  const names = ['sync', 'async', 'throws', 'rejects', 'taken', 'nobody', 'nobody', 'looped', '$call', '$reply']
  for (const name of names) {
    const stream = peer.engine.open({ name, ...ordinary })
    if (name !== 'nobody') peer.engine.end(stream)
  }
  peer.flush()
  await taken
  await session.ping()
  clock.advance(1000)
  const looped = session.streams().next()
  peer.engine.end(peer.engine.open({ name: 'looped', ...ordinary }))
  peer.flush()
  await looped
  await session.ping()
  assert.deepEqual([...settles.values()], new Array(names.length + 1).fill(1))
  await session.close()
})
