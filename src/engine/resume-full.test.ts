// Resumption while the buffer of what may go out again is full, or its bytes are under way: nobody waits for ever, nothing is left
// behind, nothing overtakes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Broken } from './broken.test.ts'
import { zeros } from './harness.test.ts'

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
