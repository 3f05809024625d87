import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, named, openFrame, Pair, Scripted, text, utf8, zeros } from './harness.test.ts'
import * as wire from './wire.ts'

const said = (side: Scripted) => side.heard().map(({ type, flags, body }) => [type, flags, ...body])
const callFrame = (slot: number) => frame(wire.CALL, 0, slot, 0, named('a'))

test('a CALL carries its name once, then the number', () => {
  const side = new Scripted()
  side.now = 1000
  side.engine.call('ab', utf8('x'), undefined, false, undefined)
  side.engine.call('ab', zeros(0), 1000.4 + 20, true, undefined)
  side.engine.call('ab', zeros(0), 900, false, undefined)
  assert.deepEqual(said(side), [
    [wire.CALL, 0, 0, 0, 2, 0x61, 0x62, 0x78],
    [wire.CALL, wire.ONEWAY | wire.DEADLINE, 1, 1, 20],
    [wire.CALL, wire.DEADLINE, 2, 1, 0],
  ])
})

test('calls beyond the slots wait for a reply', () => {
  const side = new Scripted()
  const calls = Array.from({ length: 34 }, () => side.engine.call('m', zeros(0), undefined, false, undefined))
  assert.equal(side.heardOf(wire.CALL).length, 32)
  assert.deepEqual([calls[31].sent, calls[32].sent], [true, false])
  side.say(frame(wire.REPLY, 0, 5))
  assert.deepEqual(said(side), [[wire.CALL, 0, 5, 1]])
})

test('a call given up unsent is never sent, one given up sent is cancelled once', () => {
  const side = new Scripted()
  const calls = Array.from({ length: 35 }, () => side.engine.call('m', zeros(0), undefined, false, undefined))
  side.engine.cancel(calls[3], 14)
  assert.equal(side.heardOf(wire.CALL).length, 32)
  side.engine.cancel(calls[33], 14)
  side.engine.cancel(calls[0], 15)
  side.engine.cancel(calls[0], 15)
  assert.deepEqual(said(side), [[wire.CANCEL, 0, 0, 15]])
  side.say(frame(wire.REPLY, 0, 0), frame(wire.REPLY, 0, 1))
  assert.equal(side.heardOf(wire.CALL).length, 1)
  assert.deepEqual(
    calls.filter(({ sent }) => !sent),
    [calls[3], calls[33]],
  )
  assert.equal(side.one('reply').call, calls[1])
})

test('giving up a call that was answered says nothing', () => {
  const side = new Scripted()
  const call = side.engine.call('m', zeros(0), undefined, false, undefined)
  side.heard()
  side.say(frame(wire.REPLY, 0, 0))
  side.engine.call('m', zeros(0), undefined, false, undefined)
  side.heard()
  side.engine.cancel(call, 14)
  assert.deepEqual(said(side), [])
})

test('replies go out in the order they were given', () => {
  const side = new Scripted().say(callFrame(0), callFrame(1), callFrame(2))
  side.engine.reply(1, utf8('x'))
  side.engine.replyError(0, 10, 'no', utf8('d'))
  side.engine.replyError(2, 17, '')
  assert.deepEqual(said(side), [
    [wire.REPLY, 0, 1, 0x78],
    [wire.REPLY, wire.ERROR, 0, 10, 2, 0x6e, 0x6f, 0x64],
    [wire.REPLY, wire.ERROR, 2, 17, 0],
  ])
  assert.throws(() => side.engine.reply(1, zeros(0)), RangeError)
})

test('a slot is busy until its reply is written', () => {
  const side = new Scripted().say(callFrame(0))
  side.engine.reply(0, zeros(0))
  assert.equal(side.used('maxCalls'), 1)
  side.heard()
  assert.equal(side.used('maxCalls'), 0)
  side.say(callFrame(0))
  assert.equal(side.take('call').length, 2)
})

test('a reply by a stream waits for its OPEN', () => {
  const side = new Scripted().say(callFrame(0), callFrame(1))
  const stream = side.open('$reply')
  side.engine.replyVia(0, stream)
  side.engine.reply(1, zeros(0))
  assert.deepEqual(
    said(side).map(([type, flags]) => [type, flags]),
    [
      [wire.REPLY, 0],
      [wire.OPEN, 0],
      [wire.REPLY, wire.VIA_STREAM],
    ],
  )
})

test('a reply by a stream that was given up before its OPEN is CANCELLED', () => {
  const side = new Scripted().say(callFrame(0))
  const stream = side.open('$reply')
  side.engine.replyVia(0, stream)
  side.engine.reset(stream, 14, '')
  assert.deepEqual(said(side), [[wire.REPLY, wire.ERROR, 0, 14, 0]])
})

test('such a reply tells why it was given up, if anybody said so', () => {
  const side = new Scripted().say(callFrame(0), callFrame(1))
  const [unwanted, refused] = [side.open('$reply'), side.open('$reply')]
  side.engine.replyVia(0, unwanted)
  side.engine.replyVia(1, refused)
  side.engine.reset(unwanted, 22, 'no')
  side.say(frame(wire.GOAWAY, 0, 0, 0))
  assert.deepEqual(said(side), [
    [wire.REPLY, wire.ERROR, 0, 22, 2, ...utf8('no')],
    [wire.REPLY, wire.ERROR, 1, 14, 0],
  ])
})

test('a reply by a stream waits for open credit without holding others up', () => {
  const side = new Scripted().say(callFrame(0), callFrame(1))
  for (let i = 0; i < 32; i++) side.open(`s${i}`)
  const stream = side.open('$reply')
  side.engine.replyVia(0, stream)
  side.engine.reply(1, zeros(0))
  assert.deepEqual(
    side.heardOf(wire.REPLY).map(({ body }) => body[0]),
    [1],
  )
  side.say(frame(wire.LIMIT, 0, 0, 33))
  assert.deepEqual(
    side.heardOf(wire.REPLY).map(({ flags, body }) => [flags, ...body]),
    [[wire.VIA_STREAM, 0, 0x40, 64]],
  )
})

test('a thousand calls come back each with its own result', () => {
  const pair = new Pair()
  const results: string[] = []
  for (let i = 0; i < 1000; i++) pair.a.engine.call(`m${i % 7}`, utf8(`${i}`), undefined, false, i)
  pair.run(() => {
    for (const { slot, method, args } of pair.b.take('call')) {
      if (text(args) === '500') pair.b.engine.replyError(slot, 10, 'no')
      else pair.b.engine.reply(slot, utf8(`${method} ${text(args)}`))
    }
    for (const { call, result } of pair.a.take('reply')) results[call.owner as number] = text(result)
    for (const { call, error } of pair.a.take('replyError')) results[call.owner as number] = error.code
  })
  assert.deepEqual(
    results,
    Array.from({ length: 1000 }, (_, i) => (i === 500 ? 'BRAID_INTERNAL' : `m${i % 7} ${i}`)),
  )
  assert.deepEqual([pair.a.engine.stats().callsOpen, pair.b.used('maxCalls')], [0, 0])
  assert.deepEqual([...pair.a.engine.liveCalls()], [])
})

test('a flush full of replies leaves room for calls, OPENs and DATA', () => {
  const side = new Scripted()
  const bulk = side.open('bulk')
  side.heard()
  for (let slot = 0; slot < 100; slot++) side.say(callFrame(slot))
  for (let slot = 0; slot < 100; slot++) side.engine.reply(slot, zeros(60_000))
  for (let i = 0; i < 32; i++) side.engine.call('m', zeros(10_000), undefined, false, undefined)
  side.open('late')
  side.engine.write(bulk, zeros(10_000))
  const out: Uint8Array[] = []
  side.engine.transmit(out, 65_536, 0)
  const { callsSent, streamsOpened } = side.engine.stats()
  assert.ok(callsSent > 0 && callsSent < 32)
  assert.equal(streamsOpened, 2)
  assert.equal(bulk.queued, 0)
})

test('frames of one flush stay about within the budget', () => {
  const side = new Scripted().say(openFrame(0))
  const { stream } = side.one('open')
  side.engine.write(stream, zeros(16_384))
  for (let i = 0; i < 32; i++) side.engine.call('m', zeros(16_384), undefined, false, undefined)
  const bytes = side.engine.transmit([], 65_536, 0)
  assert.ok(bytes >= 65_536 && bytes < 2 * 65_536)
})
