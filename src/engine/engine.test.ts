import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, join, json, openFrame, Pair, Scripted, Side, text, utf8, zeros } from './harness.test.ts'
import * as wire from './wire.ts'

/** A day. */
const patient = { idleTimeoutMs: 86_400_000 }
/** Nothing is due but the question whether a patient side's peer is there. */
const nothingDue = (side: Side): boolean => (side.engine.deadline() ?? 0) > 10_000_000

const hello = frame(wire.HELLO, 0)

test('a listener says nothing before the first frame, a dialer begins at once', () => {
  const [dialer, listener] = [new Side(), new Side({}, { waitForPreface: true })]
  listener.open('early')
  assert.deepEqual(listener.output(), [])
  const said = join(dialer.output())
  assert.deepEqual(said.subarray(0, 8), wire.PREFACE)
  assert.equal(said[8] >> 3, wire.HELLO)
  listener.receive(said.slice(0, -1))
  assert.deepEqual(listener.output(), [])
  listener.receive(said.slice(-1))
  assert.deepEqual(join(listener.output()).subarray(0, 8), wire.PREFACE)
})

test('two sides on a symmetric carrier both begin at once', () => {
  const [a, b] = [new Side(), new Side()]
  const [fromA, fromB] = [join(a.output()), join(b.output())]
  a.receive(fromB)
  b.receive(fromA)
  assert.equal(a.take('hello').length + b.take('hello').length, 2)
})

test('each side learns what the other says of itself', () => {
  const a = new Side({ codec: 'msgpack', auth: Uint8Array.of(7), maxFrame: 20_000 })
  const b = new Side({}, { waitForPreface: true })
  for (const chunk of a.output()) b.receive(chunk)
  const { remote } = b.one('hello')
  assert.deepEqual([remote.codec, [...remote.auth], remote.maxFrame, remote.version], ['msgpack', [7], 20_000, 1])
})

test('the life of a stream: open, answer, data both ways, trailer, finished', () => {
  const pair = new Pair()
  const mine = pair.a.open('file', { meta: json({ from: 0 }), confirm: true })
  pair.a.engine.write(mine, utf8('ask'))
  pair.run()
  const { stream: theirs, name, meta, confirm } = pair.b.one('open')
  assert.deepEqual([name, text(meta?.bytes as Uint8Array), confirm], ['file', '{"from":0}', true])
  assert.equal(text(pair.b.read()), 'ask')
  pair.b.engine.accept(theirs, json({ size: 4 }))
  pair.b.engine.write(theirs, utf8('data'))
  pair.b.engine.end(theirs, json('sum'))
  pair.run()
  assert.deepEqual(
    pair.a.events.map(({ type }) => type),
    ['answer', 'data', 'end'],
  )
  assert.equal(text(pair.a.one('answer').meta?.bytes as Uint8Array), '{"size":4}')
  assert.equal(text(pair.a.one('end').trailer?.bytes as Uint8Array), '"sum"')
  pair.a.engine.end(mine)
  pair.run()
  assert.equal(pair.a.one('finished').stream, mine)
  assert.equal(pair.b.one('end').trailer, undefined)
  assert.equal(pair.b.one('finished').stream, theirs)
  assert.deepEqual([...pair.a.engine.liveStreams(), ...pair.b.engine.liveStreams()], [])
})

test('commands on a stream that is over do nothing', () => {
  const pair = new Pair()
  const [mine, theirs] = pair.stream()
  pair.a.engine.end(mine)
  pair.b.engine.end(theirs)
  pair.run()
  pair.a.events.length = 0
  const { engine } = pair.a
  const before = engine.stats()
  engine.write(mine, zeros(1))
  engine.end(mine)
  engine.reset(mine, 14, '')
  engine.stop(mine, 14, '')
  engine.accept(mine, undefined)
  engine.settle(mine)
  engine.consume(mine, 0, 0)
  pair.run()
  assert.deepEqual(engine.stats(), before)
  assert.deepEqual(pair.a.events, [])
})

test('what lies behind the HELLO waits for admission, in the same chunk and later ones', () => {
  const side = new Side({}, { waitForPreface: true, gate: true })
  side.receive(join([wire.PREFACE, hello, openFrame(0)]))
  side.receive(frame(wire.DATA, 0, 0, 'abc'))
  assert.deepEqual(
    side.events.map(({ type }) => type),
    ['hello'],
  )
  const held = openFrame(0).length + frame(wire.DATA, 0, 0, 'abc').length
  assert.equal(side.engine.heldBytes, held)
  assert.equal(side.used('earlyBytes'), held)
  side.engine.admit(5)
  side.collect()
  assert.deepEqual(
    side.events.map(({ type }) => type),
    ['hello', 'open', 'data'],
  )
  assert.equal(side.engine.heldBytes, 0)
  assert.equal(side.engine.stats().bytesIn, 8 + hello.length + held)
  side.receive(frame(wire.DATA, 0, 0, 'd'))
  assert.equal(text(side.read()), 'abcd')
})

test('a CLOSE that is held ends the session when it is admitted', () => {
  const side = new Side({}, { gate: true })
  side.receive(join([wire.PREFACE, hello, frame(wire.CLOSE, 0, 0), frame(wire.PING, 0)]))
  side.receive(frame(wire.PING, 0))
  assert.equal(side.engine.closing, false)
  side.engine.admit(0)
  assert.equal(side.closedWith(), undefined)
  assert.equal(side.engine.closing, true)
  assert.equal(side.engine.heldBytes, 0)
})

test('a session closed while it holds bytes looks at none of them', () => {
  const side = new Side({}, { gate: true })
  side.receive(join([wire.PREFACE, hello, openFrame(0)]))
  side.engine.close(19, 'not you')
  side.engine.admit(0)
  side.collect()
  assert.deepEqual(
    side.events.map(({ type }) => type),
    ['hello', 'closed'],
  )
})

test('too much before admission ends the session', () => {
  const side = new Side({ earlyBytes: 1024 }, { gate: true })
  side.receive(join([wire.PREFACE, hello]))
  side.receive(zeros(1024 + 1_048_576))
  assert.equal(side.engine.closing, false)
  side.receive(zeros(1))
  assert.equal(side.closedWith(), 'BRAID_EXHAUSTED')
  assert.equal(side.engine.stats().limits.earlyBytes.refused, 1)
})

test('admission of a session that never waited changes nothing', () => {
  const side = new Scripted()
  side.engine.admit(0)
  side.say(openFrame(0))
  assert.equal(side.take('open').length, 1)
})

test('a HELLO that does not come in time ends the session', () => {
  const dialer = new Side()
  assert.equal(dialer.engine.deadline(), 0)
  dialer.tick(100)
  dialer.output()
  assert.equal(dialer.engine.deadline(), 10_100)
  dialer.tick(10_099)
  assert.equal(dialer.engine.closing, false)
  dialer.tick(10_100)
  assert.equal(dialer.closedWith(), 'BRAID_SLOW_PEER')
  assert.equal(join(dialer.output())[0] >> 3, wire.CLOSE)
  assert.equal(dialer.engine.deadline(), undefined)
})

test('a listener that has read no preface in time says nothing', () => {
  const silent = new Side({ helloTimeoutMs: 50 }, { waitForPreface: true })
  silent.tick(0)
  silent.receive(wire.PREFACE.subarray(0, 7))
  silent.tick(50)
  assert.equal(silent.closedWith(), 'BRAID_SLOW_PEER')
  assert.deepEqual(silent.output(), [])
  const polite = new Side({ helloTimeoutMs: 50 }, { waitForPreface: true })
  polite.tick(0)
  polite.receive(wire.PREFACE)
  polite.tick(50)
  assert.equal((join(polite.output()).at(8) as number) >> 3, wire.CLOSE)
})

test('a HELLO in time leaves no deadline but that of silence', () => {
  const side = new Scripted(patient)
  side.tick(0)
  assert.ok(nothingDue(side))
  side.tick(1_000_000)
  assert.equal(side.engine.closing, false)
})

test('a frame begun must get on at 512 B/s', () => {
  const begun = frame(wire.CALL, 0, zeros(60_000))
  const stuck = new Scripted(patient)
  stuck.now = 1000
  stuck.say(begun.subarray(0, 100))
  assert.equal(stuck.engine.deadline(), 11_000)
  stuck.now = 10_000
  stuck.say(begun.subarray(100, 5000))
  stuck.tick(10_999)
  assert.equal(stuck.engine.closing, false)
  stuck.tick(11_000)
  assert.equal(stuck.closedWith(), 'BRAID_SLOW_PEER')

  const slow = new Scripted(patient)
  slow.say(begun.subarray(0, 100))
  for (let i = 1; i < 5; i++) {
    slow.say(begun.subarray(100 + (i - 1) * 5120, 100 + i * 5120))
    slow.tick(i * 10_000)
    assert.equal(slow.engine.deadline(), (i + 1) * 10_000)
  }
  slow.say(begun.subarray(100 + 4 * 5120))
  assert.ok(nothingDue(slow))
})

test('a frame that did not go on while this side slept is given ten seconds more', () => {
  const side = new Scripted(patient)
  side.say(frame(wire.CALL, 0, zeros(60_000)).subarray(0, 100))
  side.tick(3_600_000)
  assert.equal(side.engine.deadline(), 3_610_000)
  side.tick(3_610_000)
  assert.equal(side.closedWith(), 'BRAID_SLOW_PEER')
})

test('each frame has ten seconds of its own', () => {
  const side = new Scripted(patient)
  const ping = frame(wire.PING, 0, 'a')
  side.say(ping.subarray(0, 1))
  side.now = 9000
  side.say(join([ping.subarray(1), ping.subarray(0, 1)]))
  assert.equal(side.engine.deadline(), 19_000)
  side.tick(10_000)
  assert.equal(side.engine.closing, false)
  side.say(ping.subarray(1))
  assert.ok(nothingDue(side))
  side.tick(19_000)
  assert.equal(side.engine.closing, false)
})

test('a DATA payload may take its time', () => {
  const side = new Scripted(patient).say(openFrame(0), frame(wire.DATA, 0, 0, 'abc').subarray(0, 4))
  assert.ok(nothingDue(side))
})

test('an answer after the end was asked for is not sent', () => {
  const pair = new Pair()
  const mine = pair.a.open('x', { confirm: true })
  pair.run()
  const { stream } = pair.b.one('open')
  pair.b.engine.write(stream, zeros(1))
  pair.b.engine.end(stream)
  pair.b.engine.accept(stream, { json: true, bytes: utf8('1') })
  pair.run()
  assert.deepEqual([pair.a.take('answer').length, pair.a.one('end').stream], [0, mine])
})
