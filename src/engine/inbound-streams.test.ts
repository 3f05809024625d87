import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EngineStream } from './contract.ts'
import { frame, json, named, openFrame, Pair, Scripted, text, utf8, zeros } from './harness.test.ts'
import * as wire from './wire.ts'

const SEND = wire.SEND
const RECV = wire.RECV
const BOTH = wire.SEND | wire.RECV

/** An engine with one stream of the peer's. */
function opened(first = '', flags = 0): { side: Scripted; stream: EngineStream } {
  const side = new Scripted().say(openFrame(0, { first, flags }))
  return { side, stream: side.one('open').stream }
}

/** An engine with one stream of its own. */
function opening(): { side: Scripted; stream: EngineStream } {
  const side = new Scripted()
  const stream = side.open('x')
  side.heard()
  return { side, stream }
}

const resets = (side: Scripted) => side.heardOf(wire.RESET).map(({ flags, body }) => [flags, ...body.subarray(0, 2)])

test('OPEN tells name, metadata, urgency and whether to confirm', () => {
  const side = new Scripted().say(
    openFrame(0, { name: 'file', flags: wire.CONFIRM, meta: Uint8Array.of(1, 2, 0x7b, 0x7d), urgency: 7, first: 'hi' }),
  )
  const { name, meta, urgency, confirm, stream } = side.one('open')
  assert.deepEqual([name, meta, urgency, confirm], ['file', { json: true, bytes: utf8('{}') }, 7, true])
  assert.deepEqual([stream.mine, stream.number], [false, 0])
  assert.equal(text(side.one('data').bytes), 'hi')
})

test('OPEN takes the next number only', () => {
  for (const number of [1, 0.5]) {
    const side = new Scripted().say(openFrame(number))
    assert.equal(side.closedWith(), 'BRAID_STREAM_ID')
  }
  const { side } = opened()
  assert.equal(side.say(openFrame(0)).closedWith(), 'BRAID_STREAM_ID')
})

test('OPEN with reserved priority bits is a protocol error', () => {
  assert.equal(new Scripted().say(openFrame(0, { urgency: 8 })).closedWith(), 'BRAID_PROTOCOL')
})

test('OPEN at the limit is refused with the session', () => {
  const side = new Scripted({ maxStreams: 32 })
  for (let i = 0; i < 32; i++) side.say(openFrame(i))
  assert.equal(side.engine.closing, false)
  assert.equal(side.say(openFrame(32)).closedWith(), 'BRAID_LIMIT_EXCEEDED')
  assert.equal(side.engine.stats().limits.maxStreams.refused, 1)
})

test('an OPEN the engine refuses is answered and gives everything back', () => {
  const cases = [
    openFrame(0, { name: 'n'.repeat(129), first: 'abc' }),
    frame(wire.OPEN, 0, 0, 3, named(Uint8Array.of(0xff)), 0, 'abc'),
    frame(wire.OPEN, 0, 0, 3, named('x'), 2, 9000, zeros(9000), 'abc'),
  ]
  for (const bytes of cases) {
    const side = new Scripted({ sessionWindow: 65_536 }).say(bytes)
    assert.deepEqual(side.take('open'), [])
    assert.deepEqual(side.take('data'), [])
    assert.equal(side.used('sessionWindow'), 0)
    assert.equal(side.used('maxStreams'), 1)
    assert.deepEqual(resets(side), [[BOTH, 1, 9]])
    // The peer makes its half final, as it must.
    side.say(frame(wire.RESET, SEND, 0, 9))
    assert.equal(side.used('maxStreams'), 0)
    assert.equal(side.heardOf(wire.LIMIT).length, 1)
    // The session never hears of it.
    assert.deepEqual(side.events, [])
    assert.deepEqual([...side.engine.liveStreams()], [])
  }
})

test('a refused OPEN with FIN is over when the refusal is written', () => {
  const side = new Scripted().say(openFrame(0, { name: 'n'.repeat(129), flags: wire.FIN, first: 'abc' }))
  assert.equal(side.used('maxStreams'), 1)
  side.heard()
  assert.equal(side.used('maxStreams'), 0)
  assert.deepEqual(side.take('end'), [])
})

test('after our GOAWAY streams are refused with GOING_AWAY, those before go on', () => {
  const { side } = opened()
  side.engine.goAway(21, 'bye')
  side.engine.goAway(21, 'again')
  const [goAway, ...more] = side.heardOf(wire.GOAWAY)
  assert.deepEqual([...goAway.body.subarray(0, 2)], [1, 21])
  assert.equal(more.length, 0)
  side.say(openFrame(1), frame(wire.DATA, 0, 0, 'on'))
  assert.deepEqual(side.take('open'), [])
  assert.equal(text(side.read()), 'on')
  assert.deepEqual(resets(side), [[BOTH, 3, 21]])
})

test('RESET(SEND) ends the reading half', () => {
  const { side, stream } = opened()
  side.say(frame(wire.RESET, SEND, 0, 77, 'why'))
  const event = side.one('reset')
  assert.deepEqual([event.stream, event.read, event.write], [stream, true, false])
  assert.deepEqual([event.error.code, event.error.number, event.error.reason], ['BRAID_RESET', 77, 'why'])
  side.engine.end(stream)
  side.heard()
  assert.equal(side.take('finished').length, 1)
})

test('RESET(RECV) drops what is unsent and is answered with RESET(SEND) of the same code', () => {
  const { side, stream } = opening()
  side.engine.write(stream, zeros(100_000))
  side.heard()
  assert.ok(stream.queued > 0)
  side.say(frame(wire.RESET, RECV, 1, 77))
  const event = side.one('reset')
  assert.deepEqual([event.read, event.write], [false, true])
  assert.equal(stream.queued, 0)
  assert.deepEqual(
    side.heardOf(wire.RESET).map(({ flags, body }) => [flags, ...body]),
    [[SEND, 0, 0x40, 77]],
  )
  assert.equal(side.engine.write(stream, zeros(1)), false)
  assert.equal(stream.queued, 0)
})

test('RESET of both halves ends the stream at once, the answer is RESET(SEND)', () => {
  const { side } = opened()
  side.say(frame(wire.RESET, BOTH, 0, 14))
  const event = side.one('reset')
  assert.deepEqual([event.read, event.write], [true, true])
  assert.deepEqual(side.take('finished'), [])
  assert.deepEqual(resets(side), [[SEND, 1, 14]])
  assert.equal(side.take('finished').length, 1)
})

test('RESET of neither half is a protocol error, of a stream never opened a state error', () => {
  assert.equal(
    opened()
      .side.say(frame(wire.RESET, 0, 0, 14))
      .closedWith(),
    'BRAID_PROTOCOL',
  )
  assert.equal(new Scripted().say(frame(wire.RESET, BOTH, 0, 14)).closedWith(), 'BRAID_STREAM_STATE')
})

test('RESET(SEND) on a half that was final costs a token, RESET(RECV) only when said again', () => {
  const { side } = opened('', wire.FIN)
  side.say(frame(wire.RESET, SEND, 0, 14))
  assert.equal(side.tokens, 999)
  side.say(frame(wire.RESET, RECV, 0, 14))
  assert.equal(side.tokens, 999)
  side.say(frame(wire.RESET, RECV, 0, 14))
  assert.equal(side.tokens, 998)
  assert.equal(side.take('reset').length, 1)
})

test('two resets that cross make both sides forget the stream', () => {
  const pair = new Pair()
  const [mine, theirs] = pair.stream()
  pair.a.engine.reset(mine, 14, 'a')
  pair.b.engine.reset(theirs, 15, 'b')
  pair.b.engine.settle(theirs)
  pair.run()
  for (const side of [pair.a, pair.b]) {
    assert.deepEqual([...side.engine.liveStreams()], [])
    assert.equal(side.take('finished').length, 1)
    assert.equal(side.used('glitchTokens'), 0)
  }
  assert.equal(pair.b.used('maxStreams'), 0)
})

test('what arrives after stop is discarded and its session credit returned, once', () => {
  const { side, stream } = opened()
  side.say(frame(wire.DATA, 0, 0, zeros(1000)))
  assert.equal(side.used('sessionWindow'), 1000)
  side.engine.stop(stream, 14, 'enough')
  side.say(frame(wire.DATA, wire.EOM, 0, zeros(2000)))
  assert.equal(side.used('sessionWindow'), 1000)
  side.read()
  assert.equal(side.used('sessionWindow'), 0)
  assert.deepEqual(resets(side), [[RECV, 1, 14]])
  side.say(frame(wire.DATA, wire.FIN, 0, zeros(500)))
  assert.equal(side.used('sessionWindow'), 0)
  assert.deepEqual([...side.take('data'), ...side.take('end'), ...side.take('reset')], [])
})

test('stop is answered by the peer, and the stream ends with our half', () => {
  const pair = new Pair()
  const [mine, theirs] = pair.stream()
  pair.a.engine.write(mine, zeros(500_000))
  pair.run()
  pair.b.engine.stop(theirs, 77, '')
  pair.run(() => pair.b.read())
  const event = pair.a.one('reset')
  assert.deepEqual([event.write, event.read, event.error.number], [true, false, 77])
  pair.b.engine.write(theirs, utf8('still here'))
  pair.b.engine.end(theirs)
  pair.run()
  assert.equal(text(pair.a.read()), 'still here')
  pair.b.read()
  assert.equal(pair.b.used('sessionWindow'), 0)
  assert.equal(pair.a.take('finished').length + pair.b.take('finished').length, 2)
})

test('CREDIT and SCREDIT add', () => {
  const { side, stream } = opening()
  side.engine.write(stream, zeros(40_000))
  side.heard()
  assert.equal(stream.queued, 40_000 - 16_384)
  side.say(frame(wire.CREDIT, 0, 1, 5000))
  side.heard()
  assert.equal(stream.queued, 40_000 - 16_384 - 5000)
  side.say(frame(wire.SCREDIT, 0, 5000))
  assert.equal(side.tokens, 1000)
})

test('credit of 0 is a protocol error, little credit costs a token, too much is FLOW_CONTROL', () => {
  assert.equal(
    opening()
      .side.say(frame(wire.CREDIT, 0, 1, 0))
      .closedWith(),
    'BRAID_PROTOCOL',
  )
  assert.equal(new Scripted().say(frame(wire.SCREDIT, 0, 0)).closedWith(), 'BRAID_PROTOCOL')
  const { side } = opening()
  side.say(frame(wire.CREDIT, 0, 1, 1023), frame(wire.SCREDIT, 0, 1023), frame(wire.CREDIT, 0, 1, 1024))
  assert.equal(side.tokens, 998)
  const most = 2 ** 30 - 1
  assert.equal(side.say(frame(wire.CREDIT, 0, 1, most)).closedWith(), 'BRAID_FLOW_CONTROL')
  assert.equal(new Scripted().say(frame(wire.SCREDIT, 0, most)).closedWith(), 'BRAID_FLOW_CONTROL')
  assert.equal(new Scripted().say(frame(wire.CREDIT, 0, 1, 5000)).closedWith(), 'BRAID_STREAM_STATE')
})

test('CREDIT that crosses our end is free', () => {
  const { side, stream } = opening()
  side.engine.end(stream)
  side.heard()
  side.say(frame(wire.CREDIT, 0, 1, 5000))
  side.say(frame(wire.DATA, wire.FIN, 1))
  assert.equal(side.take('finished').length, 1)
  for (let i = 0; i < 4; i++) side.say(frame(wire.CREDIT, 0, 1, 5000))
  assert.equal(side.tokens, 1000)
  side.say(frame(wire.CREDIT, 0, 1, 5000))
  assert.equal(side.tokens, 999)
})

test('ASK grows the window while the reader keeps up, within stream and pool', () => {
  const options = { streamWindow: 20_000, streamWindowMax: 60_000, growthPool: 100_000 }
  const side = new Scripted(options).say(openFrame(0), openFrame(1), openFrame(2), openFrame(3))
  const streams = side.take('open').map(({ stream }) => stream)
  for (const stream of streams) side.engine.consume(stream, 0, 0) // somebody reads them
  const asked = (number: number, wanted: number) => {
    side.say(frame(wire.ASK, 0, number * 2, wanted))
    return side.heardOf(wire.CREDIT).map(({ body }) => wire.readVarint(body, 1))
  }
  assert.deepEqual(asked(0, 15_000), [])
  assert.deepEqual(asked(0, 50_000), [30_000])
  assert.deepEqual(asked(0, 2 ** 30 - 1), [10_000])
  assert.deepEqual(asked(1, 60_000), [40_000])
  assert.deepEqual(asked(2, 60_000), [20_000])
  assert.deepEqual(asked(3, 60_000), [])
  const { used, refused } = side.engine.stats().limits.growthPool
  assert.deepEqual([used, refused > 0], [100_000, true])
  // The end of a stream gives its part of the pool back.
  side.say(frame(wire.DATA, wire.FIN, 0))
  side.engine.end(streams[0])
  side.heard()
  assert.equal(side.used('growthPool'), 60_000)
  assert.deepEqual(asked(3, 50_000), [30_000])
})

test('ASK with an unread window waits for the reader', () => {
  const side = new Scripted({ streamWindow: 20_000 }).say(openFrame(0), frame(wire.DATA, 0, 0, zeros(15_000)))
  side.say(frame(wire.ASK, 0, 0, 50_000))
  assert.equal(side.heardOf(wire.CREDIT).length, 0)
  side.read()
  assert.deepEqual(
    side.heardOf(wire.CREDIT).map(({ body }) => wire.readVarint(body, 1)),
    [15_000 + 30_000],
  )
})

test('ASK for a stream that nobody has read from waits until somebody does', () => {
  const { side } = opened()
  side.say(frame(wire.ASK, 0, 0, 100_000), frame(wire.DATA, 0, 0, zeros(20_000)))
  assert.equal(side.used('growthPool'), 0)
  side.read()
  assert.equal(side.used('growthPool'), 100_000 - 65_536)
})

test('the same ASK again costs a token, on a stopped stream nothing grows', () => {
  const { side, stream } = opened()
  side.engine.consume(stream, 0, 0)
  side.say(frame(wire.ASK, 0, 0, 70_000), frame(wire.ASK, 0, 0, 70_000))
  assert.equal(side.tokens, 999)
  side.engine.stop(stream, 14, '')
  side.say(frame(wire.ASK, 0, 0, 90_000))
  assert.equal(side.used('growthPool'), 70_000 - 65_536)
  const ended = opened('', wire.FIN).side.say(frame(wire.ASK, 0, 0, 70_000))
  assert.equal(ended.closedWith(), 'BRAID_STREAM_STATE')
})

test('LIMIT lets more streams open', () => {
  const side = new Scripted()
  for (let i = 0; i < 40; i++) side.open('x')
  assert.equal(side.heardOf(wire.OPEN).length, 32)
  side.say(frame(wire.LIMIT, 0, 0, 35))
  assert.equal(side.heardOf(wire.OPEN).length, 3)
  side.say(frame(wire.LIMIT, 0, 0, 35), frame(wire.LIMIT, 0, 0, 3))
  assert.equal(side.tokens, 998)
  assert.equal(side.say(frame(wire.LIMIT, 0, 1, 50)).closedWith(), 'BRAID_PROTOCOL')
})

test('an answer comes once, to who opened, before the end', () => {
  const { side, stream } = opening()
  side.say(frame(wire.META, 0, 1, 1, named('{}')))
  const event = side.one('answer')
  assert.deepEqual([event.stream, event.meta], [stream, { json: true, bytes: utf8('{}') }])
  assert.equal(side.say(frame(wire.META, 0, 1, 0)).closedWith(), 'BRAID_STREAM_STATE')
  assert.equal(
    opened()
      .side.say(frame(wire.META, 0, 0, 0))
      .closedWith(),
    'BRAID_STREAM_STATE',
  )
  const ended = opening().side.say(frame(wire.DATA, wire.FIN, 1), frame(wire.META, 0, 1, 0))
  assert.equal(ended.closedWith(), 'BRAID_STREAM_STATE')
})

test('a trailer ends the half and comes after the data', () => {
  const { side } = opened()
  side.say(frame(wire.DATA, 0, 0, 'abc'), frame(wire.META, wire.TRAILER, 0, 2, named('t')))
  assert.deepEqual(
    side.events.map(({ type }) => type),
    ['data', 'end'],
  )
  assert.equal(text(side.one('end').trailer?.bytes as Uint8Array), 't')
  assert.equal(side.say(frame(wire.META, wire.TRAILER, 0, 0)).closedWith(), 'BRAID_STREAM_STATE')
})

test('metadata of an unknown kind is a protocol error', () => {
  assert.equal(
    opened()
      .side.say(frame(wire.META, wire.TRAILER, 0, 3, named('')))
      .closedWith(),
    'BRAID_PROTOCOL',
  )
})

test('an answer or trailer over MAX_META resets the stream', () => {
  const { side } = opening()
  side.say(frame(wire.META, 0, 1, 2, named(zeros(9000))))
  assert.equal(side.one('reset').error.code, 'BRAID_LIMIT_EXCEEDED')
  assert.deepEqual(resets(side), [[BOTH, 0, 6]])
  side.say(frame(wire.RESET, SEND, 1, 6))
  assert.equal(side.take('finished').length, 1)
  assert.deepEqual(side.take('reset'), [])

  const other = opened().side.say(frame(wire.META, wire.TRAILER, 0, 2, named(zeros(9000))))
  assert.equal(other.one('reset').error.code, 'BRAID_LIMIT_EXCEEDED')
  assert.deepEqual(resets(other), [[SEND, 1, 6]])
  assert.equal(other.take('finished').length, 1)
  assert.equal(other.engine.stats().limits.maxMeta.refused, 1)

  const ended = opened()
  ended.side.engine.end(ended.stream)
  ended.side.heard()
  ended.side.say(frame(wire.META, wire.TRAILER, 0, 2, named(zeros(9000))))
  assert.equal(ended.side.take('finished').length, 1)
})

test('an answer may be metadata of no bytes', () => {
  const pair = new Pair()
  const [, theirs] = pair.stream('x', { confirm: true, meta: json(1) })
  pair.b.engine.accept(theirs, undefined)
  pair.run()
  assert.equal(pair.a.one('answer').meta, undefined)
})
