// Resumption while the buffer of what may go out again is full, or its bytes are under way: nobody waits for ever, nothing is left
// behind, nothing overtakes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Broken } from './broken.test.ts'
import { Listener, zeros } from './harness.test.ts'
import * as wire from './wire.ts'

test('calls that wait because the buffer is full go on after a resumption, though nobody else asks for an acknowledgement', () => {
  const world = new Broken({}, 262_144)
  const { a, b } = world
  for (let i = 0; i < 64; i++) a.engine.call('m', zeros(60_000), undefined, false, undefined)
  world.say() // lost on the way, and with it what asked
  world.cut()
  world.resume()
  world.run()
  assert.equal(b.take('call').length, 64)
})

test('replies that wait because the buffer is full go before CLOSE', () => {
  const world = new Broken({}, 262_144)
  const { a, b } = world
  for (let i = 0; i < 64; i++) a.engine.call('m', zeros(1), undefined, false, undefined)
  world.run()
  for (const { slot } of b.take('call')) b.engine.reply(slot, zeros(60_000))
  world.say() // as far as the buffer lets them
  b.engine.close(0, '')
  world.run()
  assert.equal(a.take('reply').length, 64)
  assert.equal(a.one('closed').error, undefined)
})

test('a ping does not overtake a GOAWAY that waits for what goes out again', () => {
  const world = new Broken()
  const { a, b } = world
  for (let i = 0; i < 20; i++) a.engine.call('m', zeros(1), undefined, false, undefined)
  world.run()
  for (const { slot } of b.take('call')) b.engine.reply(slot, zeros(60_000))
  world.say() // lost on the way
  world.cut()
  b.engine.goAway(21, '')
  b.engine.ping()
  world.resume()
  while (b.take('pong').length === 0) {
    const out: Uint8Array[] = []
    assert.ok(b.engine.transmit(out, 65_536, 0) > 0)
    for (const chunk of out) a.receive(chunk)
    for (const chunk of a.output()) b.receive(chunk)
  }
  // Those two may share a flush: who drains pings twice.
  assert.equal(a.take('goAway').length, 1)
})

test('bytes that a mark asked about are not asked about again', () => {
  const FLUSH = 262_144
  const world = new Broken({ streamWindow: 2 ** 20, sessionWindow: 2 ** 20 }, FLUSH)
  const { a, b } = world
  const stream = a.open('bulk')
  world.run()
  const said = new Listener()
  const asked = { byMark: 0, apart: 0 }
  for (let i = 0; i < 16; i++) {
    // A flush with a mark, and a small one without.
    for (const size of [FLUSH, 1000]) {
      a.engine.write(stream, zeros(size))
      for (const chunk of a.output(FLUSH)) {
        said.push(chunk)
        b.receive(chunk)
      }
      for (const { type, flags } of said.heard.splice(0)) {
        if (type === wire.ACKREQ) asked.apart++
        if (type === wire.DATA && (flags & wire.MARK) !== 0) asked.byMark++
      }
      assert.equal(b.read().length, size)
      world.run()
    }
  }
  assert.ok(asked.byMark >= 15, `${asked.byMark} marks`)
  assert.equal(asked.apart, 0)
})
