import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, join, openFrame, Scripted, Side, text, utf8, varint, zeros } from './harness.test.ts'
import * as wire from './wire.ts'

const hello = frame(wire.HELLO, 0)

/** Says CLOSE with this code and nothing more. */
function closes(side: Scripted, code: string, number: number): void {
  assert.equal(side.closedWith(), code)
  const heard = side.heard()
  assert.equal(heard.at(-1)?.type, wire.CLOSE)
  assert.equal(heard.at(-1)?.body[0], number)
  assert.equal(side.engine.closing, true)
}

test('a preface is read in any split', () => {
  const side = new Side({}, { waitForPreface: true })
  for (const byte of wire.PREFACE) side.receive(Uint8Array.of(byte))
  side.receive(hello)
  assert.equal(side.take('hello').length, 1)
})

test('who does not speak Braidwire is told nothing', () => {
  for (const waitForPreface of [true, false]) {
    for (const greeting of ['GET / HTTP/1.1\r\n', '\xf5BRX']) {
      const side = new Side({}, { waitForPreface })
      side.receive(Uint8Array.from(greeting, (char) => char.charCodeAt(0)))
      assert.equal(side.closedWith(), 'BRAID_PROTOCOL')
      assert.deepEqual(side.output(), [])
      assert.equal(side.engine.closing, true)
    }
  }
})

test('another major version is answered with our preface and CLOSE(VERSION) only', () => {
  const side = new Side({}, { waitForPreface: true })
  side.receive(Uint8Array.of(...wire.PREFACE.subarray(0, 7), 2))
  assert.equal(side.closedWith(), 'BRAID_VERSION')
  const said = join(side.output())
  assert.deepEqual(said.subarray(0, 8), wire.PREFACE)
  assert.equal(said[8] >> 3, wire.CLOSE)
  assert.equal(said[10], 22)
  assert.equal(said.length, 10 + said[9])
})

test('a frame before HELLO is a protocol error, but CLOSE is heard', () => {
  const side = new Side()
  side.receive(join([wire.PREFACE, frame(wire.PING, 0)]))
  const { error } = side.one('closed')
  assert.deepEqual([error?.code, error?.message], ['BRAID_PROTOCOL', `frame type ${wire.PING} before HELLO`])
  const other = new Side()
  other.receive(join([wire.PREFACE, frame(wire.CLOSE, 0, 22, 'too old')]))
  assert.equal(other.closedWith(), 'BRAID_VERSION')
})

test('a second HELLO is a protocol error', () => {
  closes(new Scripted().say(hello), 'BRAID_PROTOCOL', 1)
})

test('a bad HELLO is answered with BAD_LIMITS', () => {
  const side = new Side()
  side.receive(join([wire.PREFACE, frame(wire.HELLO, 0, 4, 1, 1)]))
  assert.equal(side.closedWith(), 'BRAID_BAD_LIMITS')
})

test('lengths are checked at the header', () => {
  const header = (type: number, length: number) => join([Uint8Array.of(type << 3), varint(length)])
  closes(new Scripted().say(header(wire.CALL, 65_536 + 257)), 'BRAID_FRAME_SIZE', 3)
  closes(new Scripted().say(header(wire.PING, 9)), 'BRAID_FRAME_SIZE', 3)
  closes(new Scripted().say(header(wire.PONG, 9)), 'BRAID_FRAME_SIZE', 3)
  const early = new Side()
  early.receive(join([wire.PREFACE, header(wire.HELLO, 8193)]))
  assert.equal(early.closedWith(), 'BRAID_BAD_LIMITS')
  assert.equal(new Scripted().say(header(wire.CALL, 65_536 + 256)).engine.closing, false)
})

test('a DATA payload over MAX_FRAME is refused though its header fits', () => {
  const side = new Scripted({ maxFrame: 16_384, streamWindow: 100_000 }).say(openFrame(0))
  side.say(frame(wire.DATA, 0, 0, zeros(16_384)))
  assert.equal(side.engine.closing, false)
  closes(side.say(frame(wire.DATA, 0, 0, zeros(16_385))), 'BRAID_FRAME_SIZE', 3)
})

test('reserved types and flags are refused, extensions are skipped for a token', () => {
  for (const type of [7, 19, 23]) closes(new Scripted().say(frame(type, 0)), 'BRAID_UNKNOWN_FRAME', 4)
  closes(new Scripted().say(frame(wire.PING, 1)), 'BRAID_UNKNOWN_FRAME', 4)
  const side = new Scripted().say(frame(24, 7, zeros(10)), frame(31, 0))
  assert.equal(side.tokens, 998)
  assert.equal(side.engine.closing, false)
})

test('bytes left over and fields past the end are refused', () => {
  const refused = [
    frame(wire.ACK, 0, 0, 0),
    frame(wire.ACKREQ, 0, 0),
    frame(wire.SCREDIT, 0, 5000, 0),
    frame(wire.LIMIT, 0, 0, 300, 0),
    frame(wire.CANCEL, 0, 0, 0, 0),
    frame(wire.ACK, 0),
    frame(wire.CANCEL, 0, 0),
    frame(wire.GOAWAY, 0, 0),
    frame(wire.CLOSE, 0),
    frame(wire.OPEN, 0, 0),
    frame(wire.OPEN, 0, 0, 3, 200, 'short'),
    frame(wire.CALL, 0, 0, 0, 9, 'x'),
  ]
  for (const bytes of refused) closes(new Scripted().say(bytes), 'BRAID_FRAME_SIZE', 3)
  const onStream = [frame(wire.META, 0, 0, 0, 0), frame(wire.CREDIT, 0, 0, 5000, 0), frame(wire.ASK, 0, 0, 5000, 0)]
  for (const bytes of onStream) closes(new Scripted().say(openFrame(0), bytes), 'BRAID_FRAME_SIZE', 3)
})

test('DATA arrives in pieces as it comes, its end with the last', () => {
  const side = new Scripted().say(openFrame(0))
  const data = frame(wire.DATA, wire.EOM | wire.FIN, 0, 'abcdef')
  side.say(data.subarray(0, 5)).say(data.subarray(5))
  const pieces = side.take('data').map(({ bytes, eom }) => [text(bytes), eom])
  assert.deepEqual(pieces, [
    ['ab', false],
    ['cdef', true],
  ])
  assert.equal(side.take('end').length, 1)
})

test('DATA that says nothing is a protocol error', () => {
  closes(new Scripted().say(openFrame(0), frame(wire.DATA, 0, 0)), 'BRAID_PROTOCOL', 1)
  closes(new Scripted().say(openFrame(0), frame(wire.DATA, wire.MARK, 0)), 'BRAID_PROTOCOL', 1)
})

test('an empty message arrives as a message', () => {
  const side = new Scripted().say(openFrame(0), frame(wire.DATA, wire.EOM, 0))
  const { bytes, eom } = side.one('data')
  assert.deepEqual([bytes.length, eom], [0, true])
})

test('DATA for a stream never opened, or on a half that ended, is a state error', () => {
  const data = frame(wire.DATA, 0, 0, 'x')
  closes(new Scripted().say(data), 'BRAID_STREAM_STATE', 7)
  closes(new Scripted().say(openFrame(0, { flags: wire.FIN }), data), 'BRAID_STREAM_STATE', 7)
  closes(new Scripted().say(openFrame(0), frame(wire.DATA, wire.FIN, 0), data), 'BRAID_STREAM_STATE', 7)
  closes(new Scripted().say(openFrame(0), frame(wire.RESET, wire.SEND, 0, 14), data), 'BRAID_STREAM_STATE', 7)
  const done = new Scripted().say(openFrame(0, { flags: wire.FIN }))
  done.engine.end(done.one('open').stream)
  done.heard()
  assert.equal(done.take('finished').length, 1)
  closes(done.say(data), 'BRAID_STREAM_STATE', 7)
})

test('more than the stream credit is refused before any of it is delivered', () => {
  const side = new Scripted({ streamWindow: 16_384 }).say(openFrame(0), frame(wire.DATA, 0, 0, zeros(16_383)))
  side.take('data')
  side.say(frame(wire.DATA, wire.EOM, 0, 'x').subarray(0, 4))
  closes(side, 'BRAID_FLOW_CONTROL', 8)
  assert.deepEqual(side.take('data'), [])
})

test('an OPEN with more than its credit leaves no stream behind', () => {
  const side = new Scripted({ streamWindow: 16_384 }).say(openFrame(0, { first: 'x'.repeat(16_385) }))
  closes(side, 'BRAID_FLOW_CONTROL', 8)
  assert.deepEqual(side.take('open'), [])
  assert.deepEqual([...side.engine.liveStreams()], [])
})

test('more than the session credit is refused', () => {
  const side = new Scripted({ sessionWindow: 65_536, streamWindow: 65_536 })
  side.say(openFrame(0), openFrame(1), frame(wire.DATA, 0, 0, zeros(65_536)))
  closes(side.say(frame(wire.DATA, 0, 2, 'x')), 'BRAID_FLOW_CONTROL', 8)
})

test('first bytes and message ends count on credit', () => {
  const side = new Scripted({ streamWindow: 16_384 }).say(openFrame(0, { first: 'abc' }))
  side.say(frame(wire.DATA, wire.EOM, 0, zeros(16_380)))
  closes(side.say(frame(wire.DATA, wire.EOM, 0)), 'BRAID_FLOW_CONTROL', 8)
  assert.equal(new Scripted().say(openFrame(0, { first: 'abc' })).used('sessionWindow'), 3)
})

test('nothing behind CLOSE is read', () => {
  const side = new Scripted().say(frame(wire.CLOSE, 0, 0), frame(wire.PING, 0), utf8('garbage'))
  assert.equal(side.closedWith(), undefined)
  assert.deepEqual(side.heard(), [])
  side.say(utf8('more garbage'))
  assert.deepEqual(side.events, [])
})
