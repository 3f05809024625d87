import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, join, Listener, openFrame, Pair, Scripted, zeros } from './harness.test.ts'
import * as wire from './wire.ts'

/** Window keys of a HELLO: STREAM_WINDOW, SESSION_WINDOW. */
const windows = (stream: number, session: number) => join([frameEntry(2, stream), frameEntry(3, session)])
function frameEntry(key: number, value: number): Uint8Array {
  const whole = frame(0, 0, key, wire.varintSize(value), value)
  return whole.subarray(2)
}

test('writable comes when half the buffer is free, once for each refusal', () => {
  const pair = new Pair({ writeBuffer: 20_000, streamWindow: 16_384, growthPool: 0 })
  const [mine] = pair.stream()
  assert.equal(pair.a.engine.write(mine, zeros(10_000)), true)
  assert.equal(pair.a.engine.write(mine, zeros(20_000)), false)
  assert.equal(pair.a.engine.write(mine, zeros(10_000)), false)
  pair.run()
  assert.equal(mine.queued, 40_000 - 16_384)
  assert.deepEqual(pair.a.take('writable'), [])
  pair.b.read()
  pair.run()
  assert.equal(pair.a.take('writable').length, 1)
  pair.run(() => pair.b.read())
  assert.equal(mine.queued, 0)
  assert.deepEqual(pair.a.take('writable'), [])
})

test('writable comes also when the first bytes went with the OPEN', () => {
  const side = new Scripted({ writeBuffer: 1024 })
  assert.equal(side.engine.write(side.open('x'), zeros(2000)), false)
  side.heard()
  assert.equal(side.take('writable').length, 1)
})

test('empty writes change nothing', () => {
  const pair = new Pair()
  const [mine] = pair.stream()
  for (let i = 0; i < 3; i++) assert.equal(pair.a.engine.write(mine, zeros(0)), true)
  const before = pair.a.engine.stats().framesOut
  pair.run()
  assert.equal(pair.a.engine.stats().framesOut, before)
  assert.equal(mine.queued, 0)
})

test('empty messages arrive one by one', () => {
  const pair = new Pair()
  const [mine] = pair.stream()
  for (let i = 0; i < 3; i++) pair.a.engine.write(mine, zeros(0), true)
  pair.run()
  assert.deepEqual(
    pair.b.take('data').map(({ bytes, eom }) => [bytes.length, eom]),
    [
      [0, true],
      [0, true],
      [0, true],
    ],
  )
})

test('a sender with much to say asks for a larger window, each time for more', () => {
  const pair = new Pair()
  const [mine, theirs] = pair.stream()
  pair.a.engine.write(mine, zeros(8_000_000))
  pair.run(() => pair.b.read())
  assert.equal(mine.queued, 0)
  assert.ok(pair.b.used('growthPool') > 0)
  assert.equal(pair.b.used('glitchTokens'), 0)
  pair.a.engine.end(mine)
  pair.b.engine.reset(theirs, 14, '')
  pair.run()
  assert.equal(pair.b.used('growthPool'), 0)
})

test('bytes in flight stay within the pace until the peer acknowledges', () => {
  const side = new Scripted({}, {}, windows(2 ** 24, 2 ** 25))
  const stream = side.open('x')
  side.engine.write(stream, zeros(2_000_000))
  const said = side.heardOf(wire.DATA)
  const { inFlight, inFlightMax } = side.engine.stats()
  assert.deepEqual([inFlight, inFlightMax], [262_144, 262_144])
  assert.ok(said.filter(({ flags }) => (flags & wire.MARK) !== 0).length >= 2)
  assert.notEqual(said.at(-1)?.flags, 0)
  side.say(frame(wire.ACK, 0, 1 + said.length))
  assert.equal(side.engine.stats().inFlight, 0)
  side.heard()
  assert.equal(stream.queued, 2_000_000 - 262_144 - side.engine.stats().inFlightMax)
})

test('the end of a message that took the last credit waits for more', () => {
  const side = new Scripted({}, {}, windows(16_384, 2 ** 20))
  const stream = side.open('x')
  side.heard()
  side.engine.write(stream, zeros(16_384), true)
  const ends = () => side.heardOf(wire.DATA).map(({ flags, body }) => [body.length, flags & wire.EOM])
  assert.deepEqual(ends(), [[16_384, 0]])
  assert.equal(stream.queued, 1)
  side.say(frame(wire.CREDIT, 0, 1, 1024))
  assert.deepEqual(ends(), [[0, wire.EOM]])
})

test('streams of one urgency take turns within a flush', () => {
  const side = new Scripted({}, {}, windows(2 ** 20, 2 ** 25))
  const streams = [side.open('one'), side.open('two')]
  side.heard()
  for (const stream of streams) side.engine.write(stream, zeros(250_000))
  const out: Uint8Array[] = []
  side.engine.transmit(out, 2 ** 20, 0)
  const said = new Listener()
  said.push(join(out))
  const turns = said.heard.map(({ id }) => id).filter((id, index, ids) => id !== ids[index - 1])
  assert.deepEqual(turns, [0, 2, 0, 2])
})

test('an urgent stream overtakes bulk', () => {
  const side = new Scripted({}, {}, windows(2 ** 20, 2 ** 25))
  const [bulk, urgent] = [side.open('bulk', { urgency: 5 }), side.open('urgent', { urgency: 0 })]
  side.heard()
  side.engine.write(bulk, zeros(300_000))
  side.engine.write(urgent, zeros(100_000))
  const ids = side.heardOf(wire.DATA).map(({ id }) => id)
  assert.equal(ids.lastIndexOf(2) < ids.lastIndexOf(0), true)
  assert.equal(ids[0], 2)
})

test('the reader of a stream that is over gives only session credit back', () => {
  const pair = new Pair({ sessionWindow: 65_536, streamWindow: 65_536 })
  const [mine, theirs] = pair.stream()
  pair.a.engine.write(mine, zeros(60_000))
  pair.a.engine.end(mine)
  pair.b.engine.end(theirs)
  pair.run()
  assert.equal(pair.b.take('finished').length, 1)
  assert.equal(pair.b.used('sessionWindow'), 60_000)
  pair.b.read()
  const before = pair.b.engine.stats().framesOut
  pair.run()
  // Nothing but the SCREDIT.
  assert.equal(pair.b.engine.stats().framesOut, before + 1)
  assert.equal(pair.b.used('sessionWindow'), 0)
})

test('open credit returns when the stream is over and its handler has ended, in either order', () => {
  for (const first of ['settle', 'finish']) {
    const pair = new Pair()
    const [mine, theirs] = pair.stream()
    const finish = () => {
      pair.a.engine.end(mine)
      pair.b.engine.end(theirs)
      pair.run()
    }
    if (first === 'settle') pair.b.engine.settle(theirs)
    else finish()
    pair.run()
    assert.equal(pair.b.used('maxStreams'), 1)
    if (first === 'settle') finish()
    else pair.b.engine.settle(theirs)
    pair.b.engine.settle(theirs)
    assert.equal(pair.b.used('maxStreams'), 0)
  }
})

test('the 257th stream waits for open credit, and gets it', () => {
  const pair = new Pair()
  const streams = Array.from({ length: 300 }, (_, i) => pair.a.open(`s${i}`))
  pair.run()
  const coming = pair.b.take('open').map(({ stream }) => stream)
  assert.equal(coming.length, 256)
  pair.a.engine.reset(streams[0], 14, '')
  pair.b.engine.settle(coming[0])
  pair.run()
  assert.equal(pair.b.one('open').name, 's256')
})

test('the peer that resets what we answer leaves no answer or credit owed', () => {
  const side = new Scripted({ streamWindow: 16_384 }).say(openFrame(0), frame(wire.DATA, 0, 0, zeros(10_000)))
  const { stream } = side.one('open')
  side.read()
  side.engine.accept(stream, undefined)
  side.engine.stop(stream, 14, '')
  side.say(frame(wire.RESET, wire.SEND | wire.RECV, 0, 15))
  assert.deepEqual(
    side.heard().map(({ type, flags }) => [type, flags]),
    [[wire.RESET, wire.SEND]],
  )
  assert.equal(side.take('finished').length, 1)
})

/** Whose bytes arrived in which order, when three streams each send as much, and as many of them end. */
function order(bytes: number, ending: number): string {
  const pair = new Pair({ streamWindow: 4_194_304 })
  const streams = Array.from({ length: 3 }, () => pair.stream())
  // The path is known to be fast.
  pair.a.engine.write(streams[0]![0], zeros(100_000))
  pair.run()
  pair.b.take('data')
  for (const [index, [mine]] of streams.entries()) {
    pair.a.engine.write(mine, zeros(bytes))
    if (index < ending) pair.a.engine.end(mine)
  }
  pair.run()
  const names = pair.b.take('data').map(({ stream }) => streams.findIndex(([, theirs]) => theirs === stream))
  return names.filter((name, index) => name !== names[index - 1]).join('')
}

test('of streams whose end is near each is sent whole, one after the other', () => {
  assert.equal(order(500_000, 3), '012')
  assert.match(order(500_000, 0), /^(012)+/)
  assert.ok(order(500_000, 0).length > 9)
  // Those that do not end are owed their turns, and nobody waits long for one that is far from its end.
  assert.ok(order(500_000, 2).length > 9)
  assert.ok(order(4_000_000, 3).length > 9)
})
