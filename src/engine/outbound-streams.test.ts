import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { frame, join, json, openFrame, Pair, Scripted, utf8, zeros } from './harness.test.ts'
import * as wire from './wire.ts'

/** Window keys of a HELLO: STREAM_WINDOW, SESSION_WINDOW. */
const windows = (stream: number, session: number) => join([frameEntry(2, stream), frameEntry(3, session)])
function frameEntry(key: number, value: number): Uint8Array {
  const whole = frame(0, 0, key, wire.varintSize(value), value)
  return whole.subarray(2)
}

const shapes = (side: Scripted) =>
  side.heard().map(({ type, flags, body }) => `${type} ${flags & ~wire.MARK} ${body.length}`)

test('OPEN carries name, urgency, metadata and a small first chunk', () => {
  const side = new Scripted()
  const stream = side.open('file', { urgency: 7, meta: json({}), confirm: true })
  assert.equal(stream.number, -1)
  side.engine.write(stream, utf8('hi'))
  side.engine.end(stream)
  const [open, ...more] = side.heard()
  assert.equal(more.length, 0)
  assert.equal(open.flags, wire.FIN | wire.CONFIRM)
  assert.deepEqual(open.body, frame(0, 0, 0, 7, 4, 'file', 1, 2, '{}', 'hi').subarray(2))
  assert.deepEqual([stream.number, stream.queued], [0, 0])
})

test('what cannot ride in an OPEN follows it', () => {
  const cases: [(side: Scripted) => void, string[]][] = [
    [(side) => side.engine.end(side.open('x')), ['8 1 5']],
    [(side) => side.engine.end(side.open('x'), json(1)), ['8 0 5', '15 1 4']],
    [(side) => side.engine.write(side.open('x'), zeros(4097)), ['8 0 5', '9 0 4097']],
    [(side) => side.engine.write(side.open('x'), zeros(10), true), ['8 0 5', '9 2 10']],
    [(side) => side.engine.write(side.open('x'), zeros(0), true), ['8 0 5', '9 2 0']],
    [(side) => side.engine.write(side.open('x'), zeros(0)), ['8 0 5']],
  ]
  for (const [act, expected] of cases) {
    const side = new Scripted()
    act(side)
    assert.deepEqual(shapes(side), expected)
  }
})

test('first bytes wait when there is no session credit', () => {
  const side = new Scripted({}, {}, windows(65_536, 65_536))
  side.engine.write(side.open('bulk'), zeros(70_000))
  side.heard()
  side.engine.write(side.open('late'), zeros(1))
  assert.deepEqual(shapes(side), ['8 0 8'])
  side.say(frame(wire.SCREDIT, 0, 5000))
  assert.deepEqual(shapes(side), ['9 0 1'])
})

test('first bytes that use up the session credit still ride in the OPEN', () => {
  const side = new Scripted({}, {}, windows(65_536, 65_536))
  side.engine.write(side.open('bulk'), zeros(64_536))
  side.heard()
  side.engine.write(side.open('last'), zeros(1000))
  assert.deepEqual(shapes(side), ['8 0 1008'])
})

test('a stream given up before its OPEN leaves no gap', () => {
  const side = new Scripted()
  const [gone, kept] = [side.open('gone'), side.open('kept')]
  side.engine.reset(gone, 14, '')
  side.engine.reset(gone, 14, '')
  assert.equal(side.one('finished').stream, gone)
  assert.deepEqual([...side.engine.liveStreams()], [kept])
  assert.equal(side.heard().length, 1)
  assert.deepEqual([gone.number, kept.number], [-1, 0])
})

test('many streams given up before their OPEN leave nothing behind', () => {
  const side = new Scripted()
  const streams = Array.from({ length: 20_000 }, () => side.open('x'))
  for (const stream of streams.slice(0, 19_999)) side.engine.reset(stream, 14, '')
  assert.equal(side.take('finished').length, 19_999)
  assert.equal([...side.engine.liveStreams()].length, 1)
  assert.equal(side.heard().length, 1)
})

test('a stream stopped before its OPEN says so right behind it', () => {
  const side = new Scripted()
  const stream = side.open('x')
  side.engine.stop(stream, 77, 'upload only')
  assert.deepEqual(
    side.heard().map(({ type, flags }) => [type, flags]),
    [
      [wire.OPEN, 0],
      [wire.RESET, wire.RECV],
    ],
  )
})

test('FIN rides on the last DATA, or alone when it comes late', () => {
  const side = new Scripted()
  const stream = side.open('x')
  side.heard()
  side.engine.write(stream, utf8('abc'))
  side.engine.end(stream)
  assert.deepEqual(shapes(side), ['9 1 3'])
  const other = side.open('y')
  side.engine.write(other, utf8('abc'))
  side.heard()
  side.engine.end(other)
  assert.deepEqual(shapes(side), ['9 1 0'])
})

test('a trailer comes after all data', () => {
  const side = new Scripted()
  const stream = side.open('x')
  side.heard()
  side.engine.write(stream, zeros(16_384 + 10))
  side.engine.end(stream, json('done'))
  assert.deepEqual(shapes(side), ['9 0 16384'])
  side.say(frame(wire.CREDIT, 0, 1, 5000))
  assert.deepEqual(shapes(side), ['9 0 10', '15 1 9'])
  side.engine.end(stream)
  assert.equal(side.engine.write(stream, zeros(1)), false)
  assert.deepEqual(shapes(side), [])
})

test('an answer goes before data and end, and only once', () => {
  const side = new Scripted().say(openFrame(0, { flags: wire.CONFIRM }))
  const { stream } = side.one('open')
  side.engine.write(stream, utf8('abc'))
  side.engine.accept(stream, json(1))
  side.engine.accept(stream, json(2))
  side.engine.end(stream)
  side.engine.accept(stream, json(3))
  assert.deepEqual(shapes(side), ['15 0 4', '9 1 3'])
})

test('no answer goes on a stream of ours, nor after a reset', () => {
  const side = new Scripted().say(openFrame(0))
  const { stream } = side.one('open')
  side.engine.accept(side.open('mine'), undefined)
  side.engine.accept(stream, undefined)
  side.engine.reset(stream, 14, '')
  side.engine.accept(stream, undefined)
  assert.deepEqual(
    side.heard().map(({ type }) => type),
    [wire.RESET, wire.OPEN],
  )
})

test('reset drops what is unsent and says what is not final yet', () => {
  const side = new Scripted()
  const stream = side.open('x')
  side.heard()
  side.engine.write(stream, zeros(100))
  side.engine.reset(stream, 77, 'sorry')
  side.engine.reset(stream, 78, 'again')
  const [reset, ...more] = side.heard()
  assert.equal(more.length, 0)
  assert.deepEqual([reset.type, reset.flags], [wire.RESET, wire.SEND | wire.RECV])
  assert.deepEqual(reset.body, frame(0, 0, 0, 77, 'sorry').subarray(2))

  const ended = side.open('y')
  side.engine.end(ended)
  side.heard()
  side.engine.reset(ended, 77, '')
  assert.deepEqual(
    side.heard().map(({ flags }) => flags),
    [wire.RECV],
  )
})

test('credit is never overdrawn and never left unused', () => {
  const sizes = fc.array(fc.tuple(fc.nat({ max: 30_000 }), fc.boolean()), { minLength: 1, maxLength: 30 })
  const grants = fc.array(fc.integer({ min: 1024, max: 20_000 }), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(sizes, grants, (chunks, credits) => {
      const side = new Scripted({}, {}, windows(16_384, 65_536))
      const stream = side.open('x')
      side.heard()
      let credit = 16_384
      let session = 65_536
      let total = 0
      let messages = 0
      for (const [size, eom] of chunks) {
        side.engine.write(stream, zeros(size), eom)
        total += size + (eom ? 1 : 0)
        messages += eom ? 1 : 0
      }
      let sent = 0
      let ends = 0
      for (const grant of [0, ...credits]) {
        if (grant > 0) side.say(frame(wire.CREDIT, 0, 1, grant), frame(wire.SCREDIT, 0, grant))
        credit += grant
        session += grant
        for (const { flags, body } of side.heardOf(wire.DATA)) {
          const eom = (flags & wire.EOM) === 0 ? 0 : 1
          assert.ok(body.length + eom > 0 && body.length <= 16_384)
          sent += body.length + eom
          ends += eom
        }
        assert.equal(sent, Math.min(total, credit, session))
        assert.equal(stream.queued, total - sent)
      }
      if (sent === total) assert.equal(ends, messages)
    }),
  )
})

test('what is written arrives, in order and with its messages, whatever the windows', () => {
  const chunks = fc.array(fc.tuple(fc.nat({ max: 40_000 }), fc.boolean()), { minLength: 1, maxLength: 25 })
  const options = fc.record({
    maxFrame: fc.integer({ min: 16_384, max: 70_000 }),
    streamWindow: fc.integer({ min: 16_384, max: 100_000 }),
    sessionWindow: fc.integer({ min: 65_536, max: 200_000 }),
    growthPool: fc.nat({ max: 100_000 }),
  })
  fc.assert(
    fc.property(chunks, options, fc.nat({ max: 2 }), (writes, limits, many) => {
      const pair = new Pair(limits)
      const got = new Map<unknown, { bytes: number; messages: number[]; ended: boolean; wrong: boolean }>()
      const streams = Array.from({ length: many + 1 }, (_, i) => pair.a.open(`s${i}`, { urgency: i }))
      for (const stream of streams) {
        let at = 0
        for (const [size, eom] of writes) {
          const chunk = Uint8Array.from({ length: size }, (_, i) => (at + i) % 251)
          at += size
          pair.a.engine.write(stream, chunk, eom)
        }
        pair.a.engine.end(stream)
      }
      pair.run(() => {
        for (const { stream } of pair.b.take('open')) {
          got.set(stream, { bytes: 0, messages: [], ended: false, wrong: false })
          pair.b.engine.end(stream)
          pair.b.engine.settle(stream)
        }
        for (const { stream, bytes, eom } of pair.b.take('data')) {
          const it = got.get(stream)
          assert.ok(it !== undefined && !it.ended)
          for (const byte of bytes) it.wrong ||= byte !== it.bytes++ % 251
          if (eom) it.messages.push(it.bytes)
          pair.b.engine.consume(stream, bytes.length, eom ? 1 : 0)
        }
        for (const { stream } of pair.b.take('end')) (got.get(stream) as { ended: boolean }).ended = true
      })
      const expected = { bytes: 0, messages: [] as number[], ended: true, wrong: false }
      for (const [size, eom] of writes) {
        expected.bytes += size
        if (eom) expected.messages.push(expected.bytes)
      }
      assert.deepEqual([...got.values()], new Array(many + 1).fill(expected))
      for (const side of [pair.a, pair.b]) {
        assert.equal(side.engine.stats().streamsOpen, 0)
        assert.equal(side.take('finished').length, many + 1)
        assert.equal(side.used('sessionWindow'), 0)
        assert.equal(side.used('maxStreams'), 0)
        assert.equal(side.used('growthPool'), 0)
        assert.equal(side.used('glitchTokens'), 0)
      }
    }),
    { numRuns: 60 },
  )
})
