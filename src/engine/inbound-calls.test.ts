import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, named, openFrame, Scripted, text, utf8, zeros } from './harness.test.ts'
import * as wire from './wire.ts'

const callFrame = (slot: number, name: string, flags = 0) => frame(wire.CALL, flags, slot, 0, named(name))

/** An engine with one call of its own under way. */
function calling(): Scripted {
  const side = new Scripted()
  side.engine.call('add', zeros(0), undefined, false, 'mine')
  side.heard()
  return side
}

test('CALL tells method, arguments, deadline and whether the result matters', () => {
  const side = new Scripted().say(
    frame(wire.CALL, wire.DEADLINE, 0, 0, named('add'), 250, 'args'),
    frame(wire.CALL, wire.ONEWAY, 1, 1),
  )
  const [first, second] = side.take('call')
  assert.deepEqual(
    [first.slot, first.method, text(first.args), first.deadlineMs, first.oneWay],
    [0, 'add', 'args', 250, false],
  )
  assert.deepEqual(
    [second.slot, second.method, second.args.length, second.deadlineMs, second.oneWay],
    [1, 'add', 0, undefined, true],
  )
})

test('a method number never given out, a name too long or not UTF-8 is a protocol error', () => {
  assert.equal(new Scripted().say(frame(wire.CALL, 0, 0, 0, named(Uint8Array.of(0xff)))).closedWith(), 'BRAID_PROTOCOL')
  assert.equal(new Scripted().say(frame(wire.CALL, 0, 0, 1)).closedWith(), 'BRAID_PROTOCOL')
  assert.equal(new Scripted().say(callFrame(0, 'n'.repeat(129))).closedWith(), 'BRAID_PROTOCOL')
})

test('CALL in a busy slot or beyond them all is LIMIT_EXCEEDED', () => {
  assert.equal(new Scripted().say(callFrame(0, 'a'), callFrame(0, 'a')).closedWith(), 'BRAID_LIMIT_EXCEEDED')
  const side = new Scripted({ maxCalls: 32 }).say(callFrame(31, 'a'))
  assert.equal(side.engine.closing, false)
  assert.equal(side.say(callFrame(32, 'a')).closedWith(), 'BRAID_LIMIT_EXCEEDED')
})

test('after our GOAWAY calls are answered with GOING_AWAY', () => {
  const side = new Scripted()
  side.engine.goAway(21, '')
  side.heard()
  side.say(callFrame(0, 'a'))
  assert.deepEqual(side.take('call'), [])
  assert.deepEqual(
    side.heard().map(({ type, flags, body }) => [type, flags, ...body]),
    [[wire.REPLY, wire.ERROR, 0, 21, 0]],
  )
  assert.equal(side.used('maxCalls'), 0)
})

test('REPLY gives the result, or the error with reason and details', () => {
  const side = calling().say(frame(wire.REPLY, 0, 0, 'sum'))
  const { call, result, via } = side.one('reply')
  assert.deepEqual([call.owner, text(result), via], ['mine', 'sum', undefined])

  const other = calling().say(frame(wire.REPLY, wire.ERROR, 0, 17, named('no add'), 'details'))
  const { error } = other.one('replyError')
  assert.deepEqual(
    [error.code, error.reason, error.executed, error.scope],
    ['BRAID_UNIMPLEMENTED', 'no add', 'no', 'call'],
  )
  assert.equal(text(error.details as Uint8Array), 'details')

  const garbled = calling().say(frame(wire.REPLY, wire.ERROR, 0, 10, named(Uint8Array.of(0xff))))
  assert.equal(garbled.one('replyError').error.reason, '')
})

test('REPLY for a free slot, or with both flags, is a protocol error', () => {
  assert.equal(new Scripted().say(frame(wire.REPLY, 0, 0)).closedWith(), 'BRAID_PROTOCOL')
  assert.equal(
    calling()
      .say(frame(wire.REPLY, 0, 0), frame(wire.REPLY, 0, 0))
      .closedWith(),
    'BRAID_PROTOCOL',
  )
  assert.equal(
    calling()
      .say(frame(wire.REPLY, wire.ERROR | wire.VIA_STREAM, 0, 0))
      .closedWith(),
    'BRAID_PROTOCOL',
  )
})

test('a REPLY that ends the session leaves its call among those that fail with it', () => {
  const wrong = [
    frame(wire.REPLY, wire.ERROR, 0),
    frame(wire.REPLY, wire.ERROR, 0, 10, 5, 'no'),
    frame(wire.REPLY, wire.VIA_STREAM, 0),
    frame(wire.REPLY, wire.VIA_STREAM, 0, 0),
  ]
  for (const bytes of wrong) {
    const side = calling().say(bytes)
    assert.notEqual(side.closedWith(), undefined)
    assert.deepEqual(
      [...side.engine.liveCalls()].map(({ owner }) => owner),
      ['mine'],
    )
  }
})

test('REPLY by a stream names one the replier opened', () => {
  const side = calling().say(openFrame(0, { name: '$reply' }), frame(wire.REPLY, wire.VIA_STREAM, 0, 0))
  assert.equal(side.one('reply').via, side.one('open').stream)
  for (const id of [0, 1]) {
    const wrong = calling()
    wrong.open('mine')
    wrong.heard()
    assert.equal(wrong.say(frame(wire.REPLY, wire.VIA_STREAM, 0, id)).closedWith(), 'BRAID_STREAM_STATE')
  }
})

test('REPLY that breaks a rule leaves its call to fail with the session', () => {
  const wrong = [
    frame(wire.REPLY, wire.VIA_STREAM, 0, 8),
    frame(wire.REPLY, wire.VIA_STREAM, 0),
    frame(wire.REPLY, wire.ERROR, 0, 5),
    frame(wire.REPLY, wire.ERROR, 0, 5, 9),
  ]
  for (const bytes of wrong) {
    const side = calling().say(bytes)
    assert.ok(side.closedWith() !== undefined)
    assert.deepEqual(
      [...side.engine.liveCalls()].map(({ owner }) => owner),
      ['mine'],
    )
  }
})

test('REPLY by a stream that is over, or that was refused, fails the call', () => {
  const over = calling().say(openFrame(0, { flags: wire.FIN }))
  over.engine.end(over.one('open').stream)
  over.heard()
  over.say(frame(wire.REPLY, wire.VIA_STREAM, 0, 0))
  const { code, message, initiator } = over.one('replyError').error
  assert.deepEqual([code, message, initiator], ['BRAID_CANCELLED', 'the result was given up', 'remote'])

  const refused = calling().say(openFrame(0, { name: 'n'.repeat(129) }), frame(wire.REPLY, wire.VIA_STREAM, 0, 0))
  assert.equal(refused.one('replyError').error.code, 'BRAID_CANCELLED')
  assert.deepEqual(refused.take('reply'), [])
})

test('the reply of a call that was given up frees its slot and is ignored', () => {
  const replies = [frame(wire.REPLY, 0, 0, 'sum'), frame(wire.REPLY, wire.ERROR, 0, 14, named(''))]
  for (const reply of replies) {
    const side = new Scripted()
    const call = side.engine.call('add', zeros(0), undefined, false, undefined)
    side.heard()
    side.engine.cancel(call, 14)
    assert.deepEqual(
      side.heard().map(({ type, body }) => [type, ...body]),
      [[wire.CANCEL, 0, 14]],
    )
    assert.equal(side.engine.stats().callsOpen, 1)
    side.say(reply)
    assert.deepEqual(side.events, [])
    assert.equal(side.engine.stats().callsOpen, 0)
  }
})

test('the stream that answers a call that was given up is reset', () => {
  const side = new Scripted()
  const call = side.engine.call('add', zeros(0), undefined, false, undefined)
  side.heard()
  side.engine.cancel(call, 14)
  side.heard()
  side.say(openFrame(0, { name: '$reply' }), frame(wire.REPLY, wire.VIA_STREAM, 0, 0))
  const { stream } = side.one('open')
  const { stream: over, error } = side.one('reset')
  assert.deepEqual([over === stream, error.code], [true, 'BRAID_CANCELLED'])
  const [{ flags, body }] = side.heardOf(wire.RESET)
  assert.deepEqual([flags, ...body.subarray(0, 2)], [wire.SEND | wire.RECV, 1, 14])
  assert.equal(text(body.subarray(2)), 'the call was given up')
})

test('CANCEL reaches a running call once; others crossed', () => {
  const side = new Scripted().say(callFrame(0, 'a'), frame(wire.CANCEL, 0, 0, 15))
  const { slot, code } = side.one('cancel')
  assert.deepEqual([slot, code], [0, 15])
  side.say(frame(wire.CANCEL, 0, 0, 15), frame(wire.CANCEL, 0, 2 ** 40, 15))
  assert.deepEqual(side.take('cancel'), [])
  assert.equal(side.tokens, 998)
  side.engine.reply(0, utf8('x'))
  side.heard()
  // An answered call forgives one.
  side.say(frame(wire.CANCEL, 0, 0, 15))
  assert.equal(side.tokens, 999)
})
