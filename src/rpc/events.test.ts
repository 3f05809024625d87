// Topics end to end: who hears what, what a slow listener costs, and how every loop ends.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Meta } from '../session/opener.ts'
import type { Session } from '../session/session.ts'
import { startSession } from '../session/start.ts'
import type { Transport } from '../session/transport.ts'
import { ManualClock, pair } from '../testing/pair.ts'
import { memory } from '../transports/memory.ts'
import type { Codec } from './codec/codec.ts'
import { events } from './events.ts'

interface Chat {
  said: { text: string }
  left: string
}
type Numbers = { n: number; text: string }

function sessions(t: TestContext): [Session, Session] {
  const both = pair({ maxMessage: 64 * 1024 })
  t.after(() => both[0].close())
  return both
}

const code = (name: string) => ({ name: 'BraidError', code: `BRAID_${name}` })
const wish = (more: object = {}): Meta => ({
  topic: 'chat',
  event: 'n',
  buffer: 4,
  overflow: 'drop-oldest',
  codec: 'msgpack',
  ...more,
})

async function some<T>(loop: AsyncIterable<T>, count = Number.POSITIVE_INFINITY): Promise<T[]> {
  const heard: T[] = []
  if (count === 0) return heard
  for await (const value of loop) if (heard.push(value) === count) break
  return heard
}

test('both sides emit and listen, each event goes to those who listen to it', async (t) => {
  const [a, b] = sessions(t)
  const [near, far] = [events<Chat>(a, 'chat'), events<Chat>(b, 'chat')]
  const [said, left, back] = [near.on('said'), near.on('left'), far.on('left')]
  await Promise.all([said.ready, left.ready, back.ready])
  far.emit('said', { text: 'one' })
  far.emit('left', 'Ada')
  far.emit('said', { text: 'two' })
  near.emit('left', 'Bob')
  assert.deepEqual(await some(said, 2), [{ text: 'one' }, { text: 'two' }])
  assert.deepEqual(await some(left, 1), ['Ada'])
  assert.deepEqual(await some(back, 1), ['Bob'])
  assert.deepEqual([said.dropped, left.dropped, back.dropped], [0, 0, 0])
})

test('several topics, several declarations and several listeners share one session', async (t) => {
  const [a, b] = sessions(t)
  const one = events<Numbers>(a, 'one')
  const same = events<Numbers>(a, 'one')
  const other = events<Numbers>(a, 'other')
  const hears = [
    events<Numbers>(b, 'one').on('n'),
    events<Numbers>(b, 'one').on('n'),
    events<Numbers>(b, 'other').on('n'),
  ]
  await Promise.all(hears.map((heard) => heard.ready))
  one.emit('n', 1)
  same.emit('n', 2)
  other.emit('n', 3)
  assert.deepEqual(await Promise.all(hears.map((heard, at) => some(heard, at < 2 ? 2 : 1))), [[1, 2], [1, 2], [3]])
})

test('nothing is encoded and nothing travels when nobody listens', async (t) => {
  const [a, b] = sessions(t)
  const near = events<{ it: unknown }>(a, 'chat')
  events(b, 'chat')
  await a.ping()
  const before = a.stats()
  near.emit('it', () => 'cannot travel')
  await a.ping()
  assert.equal(a.stats().streamsOpened, before.streamsOpened)
  assert.deepEqual(near.stats(), { emitted: 0, listeners: 0, subscriptions: 0, held: 0, dropped: 0 })
})

test('what cannot travel or is too large is thrown at the emitter when somebody listens', async (t) => {
  const [a, b] = sessions(t)
  const near = events<{ it: unknown }>(a, 'chat')
  const heard = events<{ it: unknown }>(b, 'chat').on('it')
  await heard.ready
  assert.throws(() => near.emit('it', () => 0), TypeError)
  assert.throws(() => near.emit('it', 'x'.repeat(70_000)), RangeError)
  near.emit('it', 'x'.repeat(60_000))
  assert.equal((await some(heard, 1))[0], 'x'.repeat(60_000))
})

test('two listeners do not share the bytes of an event', async (t) => {
  const [a, b] = sessions(t)
  const near = events<{ it: Uint8Array }>(a, 'chat')
  const far = events<{ it: Uint8Array }>(b, 'chat')
  const [one, two] = [far.on('it'), far.on('it')]
  await Promise.all([one.ready, two.ready])
  near.emit('it', new Uint8Array(50_000).fill(7))
  const [first] = await some(one, 1)
  first!.fill(0)
  assert.equal((await some(two, 1))[0]![49_999], 7)
})

test('events of one go leave in one write', async (t) => {
  const [left, right] = memory()
  let writes = 0
  const watched: Transport = {
    remote: left.remote,
    start: (sink) => left.start(sink),
    send(chunks) {
      writes++
      return left.send(chunks)
    },
    pause: () => left.pause(),
    resume: () => left.resume(),
    close: () => left.close(),
  }
  const [a, b] = [startSession(watched), startSession(right)]
  t.after(() => a.close())
  const near = events<Numbers>(a, 'chat')
  const heard = events<Numbers>(b, 'chat').on('n')
  await heard.ready
  await a.ping()
  writes = 0
  for (let n = 0; n < 100; n++) near.emit('n', n)
  assert.equal((await some(heard, 100)).at(-1), 99)
  assert.equal(writes, 1)
})

test('a loop that is behind keeps the newest, the oldest, or fails', async (t) => {
  const [a, b] = sessions(t)
  const near = events<Numbers>(a, 'chat')
  const far = events<Numbers>(b, 'chat')
  const oldest = far.on('n', { buffer: 3 })
  const newest = far.on('n', { buffer: 3, overflow: 'drop-newest' })
  const fails = far.on('n', { buffer: 3, overflow: 'fail' })
  const large = far.on('n', { buffer: 10, overflow: 'fail' })
  await Promise.all([oldest.ready, newest.ready, fails.ready, large.ready])
  for (let n = 0; n < 8; n++) near.emit('n', n)
  assert.deepEqual(await some(large, 8), [0, 1, 2, 3, 4, 5, 6, 7])
  assert.deepEqual([oldest.dropped, newest.dropped, fails.dropped], [5, 5, 0])
  assert.equal(oldest.waiting, 3)
  assert.deepEqual(await some(oldest, 3), [5, 6, 7])
  assert.deepEqual(await some(newest, 3), [0, 1, 2])
  const heard: number[] = []
  await assert.rejects(async () => {
    for await (const n of fails) heard.push(n)
  }, code('EXHAUSTED'))
  assert.deepEqual(heard, [0, 1, 2])
  assert.deepEqual(await fails.next(), { done: true, value: undefined })
})

test('bytes that wait for a loop are bounded as well', async (t) => {
  const [a, b] = sessions(t)
  const near = events<Numbers>(a, 'chat')
  const heard = events<Numbers>(b, 'chat', { bufferBytes: 10_000 }).on('text')
  const last = events<Numbers>(b, 'chat', { bufferBytes: 10_000 }).on('n')
  await Promise.all([heard.ready, last.ready])
  for (let n = 0; n < 10; n++) near.emit('text', `${n}`.repeat(4000))
  near.emit('n', 1)
  await some(last, 1)
  await b.ping()
  assert.deepEqual(await some(heard, 2), ['8'.repeat(4000), '9'.repeat(4000)])
  assert.equal(heard.dropped, 8)
})

test('leaving the loop, close, return and the signal unsubscribe', async (t) => {
  const [a, b] = sessions(t)
  const near = events<Numbers>(a, 'chat')
  const far = events<Numbers>(b, 'chat')
  const aborting = new AbortController()
  const [left, closed, disposed, aborted] = [far.on('n'), far.on('n'), far.on('n'), far.on('n', aborting)]
  await Promise.all([left.ready, closed.ready, disposed.ready, aborted.ready])
  assert.equal(near.stats().listeners, 4)
  near.emit('n', 1)
  await some(left, 1)
  const step = closed.next()
  assert.deepEqual(await step, { done: false, value: 1 })
  const waits = [closed.next(), closed.next()]
  closed.close()
  for (const wait of waits) assert.deepEqual(await wait, { done: true, value: undefined })
  await disposed[Symbol.asyncDispose]()
  assert.deepEqual(await some(disposed), [])
  aborting.abort()
  await assert.rejects(async () => await some(aborted), code('CANCELLED'))
  await b.ping()
  await a.ping()
  assert.deepEqual([near.stats().listeners, far.stats().subscriptions], [0, 0])
  assert.throws(() => far.on('n', { signal: aborting.signal }), code('CANCELLED'))
})

test('closing a topic ends the loops of the other side after what was emitted, and its own at once', async (t) => {
  const [a, b] = sessions(t)
  const near = events<Numbers>(a, 'chat')
  const twice = events<Numbers>(a, 'chat')
  const own = near.on('n')
  const heard = events<Numbers>(b, 'chat').on('n')
  await heard.ready
  near.emit('n', 1)
  near.close()
  near.close()
  near.emit('n', 2)
  assert.deepEqual(await some(own), [])
  assert.throws(() => near.on('n'), code('CLOSED'))
  twice.emit('n', 3)
  twice[Symbol.dispose]()
  assert.deepEqual(await some(heard), [1, 3])
})

test('a clean end of the session ends loops, a failure throws', async (t) => {
  for (const clean of [true, false]) {
    const [a, b] = sessions(t)
    const near = events<Numbers>(a, 'chat')
    const [behind, waiting] = [events<Numbers>(b, 'chat').on('n'), events<Numbers>(b, 'chat').on('n')]
    const own = near.on('text').next()
    await Promise.all([behind.ready, waiting.ready])
    near.emit('n', 5)
    assert.deepEqual(await waiting.next(), { done: false, value: 5 })
    const step = waiting.next()
    await (clean ? a.close() : a.close('INTERNAL'))
    await b.closed
    assert.deepEqual(await behind.next(), { done: false, value: 5 })
    const ends = [behind.next(), step, own]
    for (const end of ends) {
      if (clean) assert.deepEqual(await end, { done: true, value: undefined })
      else await assert.rejects(end, code('INTERNAL'))
    }
    near.emit('n', 6)
    assert.throws(() => near.on('n'), code(clean ? 'CLOSED' : 'INTERNAL'))
  }
})

test('subscriptions do not keep a session from draining', async (t) => {
  const [a, b] = sessions(t)
  const near = events<Numbers>(a, 'chat')
  const [heard, never] = [events<Numbers>(b, 'chat').on('n'), events(b, 'nobody has it').on('n')]
  await heard.ready
  near.emit('n', 1)
  assert.deepEqual(await a.drain(1000), { streams: 0, calls: 0 })
  assert.deepEqual(await some(heard), [1])
  assert.deepEqual(await some(never), [])
})

test('a subscription waits for its topic as long as it takes', async (t) => {
  const clock = new ManualClock()
  const [a, b] = pair({ clock })
  t.after(() => a.close())
  events(a, 'something else')
  const heard = events<Numbers>(b, 'chat').on('n')
  const given = events<Numbers>(b, 'chat').on('n')
  await b.ping()
  clock.advance(3_600_000)
  given.close()
  await b.ping()
  const near = events<Numbers>(a, 'chat')
  await heard.ready
  assert.equal(near.stats().listeners, 1)
  near.emit('n', 1)
  assert.deepEqual(await some(heard, 1), [1])
})

test('not too many wait for topics nobody declares, and none for a side without events', async (t) => {
  const [a, b] = sessions(t)
  events(a, 'something else')
  const far = events<Numbers>(b, 'chat')
  const waiting = Array.from({ length: 65 }, () => far.on('n'))
  await assert.rejects(waiting[64]!.next(), code('REFUSED'))
  waiting[0]!.close()
  const another = far.on('n')
  const near = events<Numbers>(a, 'chat')
  await another.ready
  assert.equal(near.stats().listeners, 64)

  const clock = new ManualClock()
  const [c, d] = pair({ clock })
  t.after(() => c.close())
  const alone = events<Numbers>(d, 'chat').on('n')
  await d.ping()
  clock.advance(1000)
  await assert.rejects(alone.ready, code('REFUSED'))
  await assert.rejects(alone.next(), code('REFUSED'))
})

const text: Codec = {
  name: 'text',
  encode: (value) => new TextEncoder().encode(String(value)),
  decode: (bytes) => new TextDecoder().decode(bytes),
}

test('a codec belongs to a topic, and both sides have to name the same', async (t) => {
  const [a, b] = sessions(t)
  const near = events<{ it: string }>(a, 'text', { codec: text })
  assert.throws(() => events(a, 'text'), TypeError)
  const heard = events<{ it: string }>(b, 'text', { codec: text }).on('it')
  await heard.ready
  near.emit('it', 'as it is')
  assert.deepEqual(await some(heard, 1), ['as it is'])
  events(a, 'chat')
  await assert.rejects(events<{ it: string }>(b, 'chat', { codec: text }).on('it').next(), code('UNIMPLEMENTED'))
})

test('wrong arguments are refused here, wrong subscriptions there', async (t) => {
  const [a, b] = sessions(t)
  const near = events<Numbers>(a, 'chat')
  assert.throws(() => events(a, ''), TypeError)
  assert.throws(() => events(a, 'chat', { bufferBytes: 0.5 }), RangeError)
  for (const buffer of [0, 1.5, 65_537]) assert.throws(() => near.on('n', { buffer }), RangeError)
  assert.throws(() => near.on('n', { overflow: 'block' as 'fail' }), TypeError)
  const wrong = [
    { buffer: 1e9 },
    { overflow: 'all' },
    { topic: 5 },
    { event: '' },
    { codec: null },
    { event: undefined },
  ]
  for (const meta of [null, 'chat', [], Uint8Array.of(1), ...wrong.map((part) => wish(part))] as Meta[]) {
    await assert.rejects(b.open('$events', { meta }).readable(), code('INVALID_INPUT'))
  }
  const talking = b.open('$events', { meta: wish() })
  talking.write(Uint8Array.of(1))
  assert.equal((await talking.closed)?.code, 'BRAID_INVALID_INPUT')
  await a.ping()
  assert.equal(near.stats().listeners, 0)
})

test('messages that are no events end the subscription', async (t) => {
  for (const message of [[], [2], [1, 0], [0, 0xc1]]) {
    const [a, b] = sessions(t)
    const heard = events<Numbers>(b, 'chat').on('n')
    const stream = await a.take('$events')
    stream.send(Uint8Array.from(message))
    await assert.rejects(heard.next(), code('INVALID_INPUT'))
    assert.deepEqual(await heard.next(), { done: true, value: undefined })
    await a.ping()
    stream.end()
    assert.equal((await stream.closed)?.code, 'BRAID_INVALID_INPUT')
  }
})
