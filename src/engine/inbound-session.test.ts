import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, join, Listener, openFrame, Scripted, Side, varint, zeros } from './harness.test.ts'
import * as wire from './wire.ts'

test('a HELLO adds the difference to what was opened within the floors', () => {
  const side = new Side()
  const stream = side.open('early')
  side.engine.write(stream, zeros(70_000))
  const before = join(side.output()).length
  assert.ok(before > 16_384 && before < 17_000)
  const limit = (key: number, value: number) => join([varint(key), varint(varint(value).length), varint(value)])
  side.receive(join([wire.PREFACE, frame(wire.HELLO, 0, limit(2, 20_000))]))
  const { remote } = side.one('hello')
  assert.equal(remote.maxFrame, 16_384)
  side.output()
  assert.equal(stream.queued, 50_000)
})

test('within the floors 32 streams and 32 calls go before the HELLO', () => {
  const side = new Side()
  for (let i = 0; i < 40; i++) {
    side.open(`s${i}`)
    side.engine.call('m', zeros(0), undefined, false, undefined)
  }
  side.output()
  const { streamsOpened, callsSent } = side.engine.stats()
  assert.deepEqual([streamsOpened, callsSent], [32, 32])
})

test('an OPEN with more metadata than the floor waits for the HELLO', () => {
  const side = new Side()
  side.open('x', { meta: { json: false, bytes: zeros(1025) } })
  side.output()
  assert.equal(side.engine.stats().streamsOpened, 0)
  side.receive(join([wire.PREFACE, frame(wire.HELLO, 0)]))
  side.output()
  assert.equal(side.engine.stats().streamsOpened, 1)
})

test('trailers above the floor wait for the HELLO, and each of them then goes', () => {
  const side = new Side()
  for (let i = 0; i < 3; i++) side.engine.end(side.open('x'), { json: false, bytes: zeros(1025) })
  const said = new Listener()
  const trailers = (skip = 0) => {
    said.push(join(side.output()).subarray(skip))
    return said.heard.splice(0).filter(({ type, flags }) => type === wire.META && flags === wire.TRAILER).length
  }
  assert.equal(trailers(wire.PREFACE.length), 0)
  side.receive(join([wire.PREFACE, frame(wire.HELLO, 0)]))
  assert.equal(trailers(), 3)
})

test('a PING is answered with its bytes; one that finds a PONG waiting replaces it for a token', () => {
  const side = new Scripted().say(frame(wire.PING, 0, 'a'))
  assert.deepEqual(
    side.heard().map(({ type, body }) => [type, ...body]),
    [[wire.PONG, 0x61]],
  )
  assert.equal(side.tokens, 1000)
  side.say(frame(wire.PING, 0, 'b'), frame(wire.PING, 0))
  assert.equal(side.tokens, 999)
  assert.deepEqual(
    side.heard().map(({ type, body }) => [type, ...body]),
    [[wire.PONG]],
  )
})

test('a ping of ours measures the round trip, once at a time', () => {
  const side = new Scripted()
  side.engine.ping()
  side.engine.ping()
  side.now = 10
  const [ping, ...more] = side.heardOf(wire.PING)
  assert.equal(more.length, 0)
  side.engine.ping()
  assert.equal(side.heardOf(wire.PING).length, 0)
  side.now = 17
  side.say(frame(wire.PONG, 0, ping.body))
  assert.equal(side.one('pong').rttMs, 7)
  assert.equal(side.engine.stats().rttMs, 7)
  side.engine.ping()
  assert.equal(side.heardOf(wire.PING).length, 1)
})

test('a PONG that matches no PING is ignored for a token', () => {
  const side = new Scripted().say(frame(wire.PONG, 0), frame(wire.PONG, 0, 'a'))
  assert.equal(side.tokens, 998)
  side.engine.ping()
  const [{ body }] = side.heardOf(wire.PING)
  side.say(frame(wire.PONG, 0, Uint8Array.of(body[0] + 1)), frame(wire.PONG, 0, body, 1))
  assert.equal(side.tokens, 996)
  assert.deepEqual(side.take('pong'), [])
})

test('ACK of nothing costs a token, of more than was sent it is a protocol error', () => {
  const side = new Scripted().say(frame(wire.ACK, 0, 0))
  assert.equal(side.tokens, 999)
  side.say(frame(wire.ACK, 0, 1))
  assert.equal(side.closedWith(), 'BRAID_PROTOCOL')
})

test('MARK and ACKREQ are answered by one ACK of the frames that count', () => {
  const side = new Scripted().say(
    openFrame(0),
    frame(wire.DATA, wire.MARK, 0, 'a'),
    frame(wire.PING, 0),
    frame(wire.DATA, wire.MARK, 0, 'b'),
    frame(wire.ACKREQ, 0),
  )
  assert.equal(side.tokens, 999)
  assert.deepEqual(
    side.heardOf(wire.ACK).map(({ body }) => [...body]),
    [[3]],
  )
  side.say(frame(wire.ACKREQ, 0))
  assert.deepEqual(side.heardOf(wire.ACK), [], 'nothing is new')
  assert.equal(side.tokens, 999)
})

test('a MARK asks only when its frame is whole', () => {
  const side = new Scripted().say(openFrame(0))
  const data = frame(wire.DATA, wire.MARK, 0, 'abc')
  side.say(data.subarray(0, 4))
  assert.equal(side.heardOf(wire.ACK).length, 0)
  side.say(data.subarray(4))
  assert.deepEqual(
    side.heardOf(wire.ACK).map(({ body }) => [...body]),
    [[2]],
  )
})

test('GOAWAY fails what was never sent and every later open and call', () => {
  const side = new Scripted()
  const sent = Array.from({ length: 32 }, (_, i) => side.open(`s${i}`))
  const waiting = side.open('waiting')
  const calls = Array.from({ length: 34 }, () => side.engine.call('m', zeros(0), undefined, false, undefined))
  side.heard()
  side.engine.cancel(calls[33], 14)
  side.say(frame(wire.GOAWAY, 0, 32, 0))
  assert.equal(side.one('goAway').error.code, 'BRAID_GOING_AWAY')
  const late = side.open('late')
  const lateCall = side.engine.call('m', zeros(0), undefined, false, undefined)
  const resets = side.take('reset')
  assert.deepEqual(
    resets.map(({ stream }) => stream),
    [waiting, late],
  )
  for (const { read, write, error } of resets) {
    assert.deepEqual([read, write, error.executed, error.initiator], [true, true, 'no', 'remote'])
  }
  const failed = side.take('replyError')
  assert.deepEqual(
    failed.map(({ call }) => call),
    [calls[32], lateCall],
  )
  assert.equal(failed[0].error.executed, 'no')
  assert.deepEqual(side.heard(), [])
  assert.deepEqual(new Set(side.engine.liveStreams()), new Set(sent))
})

test('a second GOAWAY costs a token, a rising count is a protocol error', () => {
  const side = new Scripted().say(frame(wire.GOAWAY, 0, 5, 19, 'enough'), frame(wire.GOAWAY, 0, 4, 0))
  const { error } = side.one('goAway')
  assert.deepEqual([error.code, error.message, error.executed], ['BRAID_DENIED', 'enough', 'no'])
  assert.equal(side.tokens, 999)
  side.say(frame(wire.GOAWAY, 0, 5, 0))
  assert.equal(side.closedWith(), 'BRAID_PROTOCOL')
})

test('CLOSE ends the session with the error it names', () => {
  const side = new Scripted().say(frame(wire.CLOSE, 0, 19, 'not you'))
  const { error } = side.one('closed')
  assert.deepEqual([error?.code, error?.message, error?.initiator], ['BRAID_DENIED', 'not you', 'remote'])
  assert.deepEqual(side.heard(), [])
})
