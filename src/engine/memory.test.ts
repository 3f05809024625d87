// What an engine says it holds, what stops windows from growing, and how a listener turns somebody away.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EngineStream } from './contract.ts'
import { BraidError } from './errors.ts'
import { frame, join, openFrame, Pair, Scripted, Side, utf8, zeros } from './harness.test.ts'
import * as wire from './wire.ts'

const full = new BraidError('EXHAUSTED', 'the limit sessions (1) is reached')

test('what is queued, received and begun counts, and no longer when it has gone or was taken', () => {
  const { a, b } = new Pair()
  const mine = a.open('x')
  a.engine.write(mine, zeros(1000), true)
  const unsent = a.engine.call('m', zeros(50), undefined, false, undefined)
  a.engine.call('m', zeros(7), undefined, false, undefined)
  assert.equal(a.engine.memory, 1001 + 57)
  a.engine.cancel(unsent, 14)
  assert.equal(a.engine.memory, 1001 + 7)
  for (const chunk of a.output()) b.receive(chunk)
  assert.deepEqual([a.engine.memory, b.engine.memory], [0, 1001])
  b.read()
  assert.equal(b.engine.memory, 0)
  const [{ slot }] = b.take('call')
  b.engine.replyError(slot ?? 0, 64, 'no', zeros(20))
  assert.equal(b.engine.memory, 20)
  b.output()
  b.receive(frame(wire.CALL, 0, 1, 0, join([utf8('\u0001m'), zeros(90)])).subarray(0, 40))
  assert.equal(b.engine.memory, 40 - 3)
})

test('calls that a GOAWAY refuses are not held', () => {
  const side = new Scripted()
  for (let i = 0; i < 40; i++) side.engine.call('m', zeros(10), undefined, false, undefined)
  side.output()
  assert.equal(side.engine.memory, 80)
  side.say(frame(wire.GOAWAY, 0, 0, 21))
  assert.equal(side.engine.memory, 0)
})

test('what comes before the session is admitted counts', () => {
  const side = new Side({}, { gate: true })
  side.receive(join([wire.PREFACE, frame(wire.HELLO, 0), zeros(500)]))
  assert.equal(side.engine.memory, 500)
})

/** Writes, reads, resets, ends and calls by chance; after each step the count must be that of a person counting. */
function runByChance(seed: number): void {
  let state = seed
  const roll = (sides: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648
    return Math.floor((state / 2147483648) * sides)
  }
  const pair = new Pair({ streamWindow: 20_000, sessionWindow: 65_536 })
  const streams: EngineStream[][] = [[], []]
  const sides = [pair.a, pair.b]
  for (let step = 0; step < 120; step++) {
    const at = roll(2)
    const side = sides[at]
    const stream = streams[at][roll(Math.max(1, streams[at].length))]
    const move = roll(9)
    if (move === 0) streams[at].push(side.open('x'))
    else if (move === 1) side.engine.call('m', zeros(roll(3000)), undefined, roll(2) === 0, undefined)
    else if (move === 2) for (const { slot } of side.take('call')) side.engine.reply(slot, zeros(roll(3000)))
    else if (move === 3 && step > 60 && stream !== undefined) side.engine.reset(stream, 14, '')
    else if (move === 4 && stream !== undefined) side.engine.end(stream)
    else if (move === 5) pair.run()
    else if (move === 6) side.read()
    else if (stream !== undefined) side.engine.write(stream, zeros(roll(30_000)), roll(2) === 0)
    for (const { stream: opened } of side.take('open')) streams[at].push(opened)
    const unread = side.events.reduce((sum, e) => (e.type === 'data' ? sum + e.bytes.length + (e.eom ? 1 : 0) : sum), 0)
    const queued = streams[at].reduce((sum, it) => sum + it.queued, 0)
    const { memory } = side.engine
    assert.ok(memory >= unread + queued, `seed ${seed}, step ${step}: ${memory} < ${unread} + ${queued}`)
  }
  settle(pair, sides, streams)
  assert.deepEqual([pair.a.engine.memory, pair.b.engine.memory], [0, 0], `seed ${seed}`)
}

function settle(pair: Pair, sides: readonly Side[], streams: readonly EngineStream[][]): void {
  for (let i = 0; i < 60; i++) {
    for (const [at, side] of sides.entries()) {
      for (const { slot } of side.take('call')) side.engine.reply(slot, zeros(1))
      for (const { stream } of side.take('open')) side.engine.reset(stream, 14, '')
      side.read()
      for (const stream of streams[at]) side.engine.reset(stream, 14, '')
    }
    pair.run()
  }
}

test('the count is that of a person counting, and 0 when all is over, whatever happened', () => {
  for (let seed = 1; seed <= 60; seed++) runByChance(seed)
})

test('no window grows while growth is limited, credit still returns, and they grow again', () => {
  const side = new Scripted()
  const ask = (number: number): Uint8Array[] => [openFrame(number), frame(wire.DATA, 0, number * 2, zeros(30_000))]
  const grants = (number: number, wanted: number): number[] => {
    side.read()
    side.say(frame(wire.ASK, 0, number * 2, wanted))
    return side.heardOf(wire.CREDIT).map(({ body }) => wire.readVarint(body, 1))
  }
  side.engine.limitGrowth(true)
  side.say(...ask(0), frame(wire.DATA, 0, 0, zeros(30_000)))
  assert.deepEqual(grants(0, 500_000), [60_000])
  assert.equal(side.engine.stats().limits.growthPool.refused, 1)
  side.engine.limitGrowth(false)
  assert.deepEqual(grants(0, 700_000), [700_000 - 65_536])
  assert.equal(side.used('growthPool'), 700_000 - 65_536)
})

test('who is turned away is told why, in place of a HELLO, and only after saying one', () => {
  const server = new Side({}, { waitForPreface: true, refuse: full })
  server.receive(wire.PREFACE)
  assert.deepEqual(server.output(), [])
  const client = new Side()
  for (const chunk of client.output()) server.receive(chunk.subarray(chunk.length > 8 ? 8 : 0))
  assert.equal(server.closedWith(), 'BRAID_EXHAUSTED')
  const answer = join(server.output())
  assert.deepEqual(answer.subarray(0, 9), join([wire.PREFACE, Uint8Array.of(wire.CLOSE << 3)]))
  client.receive(answer)
  const { error } = client.one('closed')
  assert.deepEqual([error?.code, error?.message, error?.initiator], ['BRAID_EXHAUSTED', full.message, 'remote'])
})

test('strangers are told nothing, turned away or not', () => {
  const talker = new Side({}, { waitForPreface: true, refuse: full })
  talker.receive(utf8('GET / HTTP/1.1'))
  assert.deepEqual(talker.output(), [])
  assert.equal(talker.closedWith(), 'BRAID_PROTOCOL')
  const silent = new Side({}, { waitForPreface: true, refuse: full })
  silent.tick(0)
  silent.tick(10_000)
  assert.deepEqual(silent.output(), [])
  assert.equal(silent.closedWith(), 'BRAID_SLOW_PEER')
})
