// What is kept of the frames that were sent: until when, how much of it, and in which pieces it goes out again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Core } from './core.ts'
import { frame, join, zeros } from './harness.test.ts'
import { parseOptions } from './options.ts'
import { FLUSH_COST, REPLAY_BYTES_MIN, Replay } from './replay.ts'
import * as wire from './wire.ts'

const LIMIT_MAX = 2 ** 24

/** CALL frames of these sizes, told apart by their content. */
const framesOf = (...sizes: number[]): Uint8Array[] =>
  sizes.map((size, at) => frame(wire.CALL, 0, zeros(size).fill(at)))

const again = (replay: Replay, budget = Number.POSITIVE_INFINITY): Uint8Array => {
  const out: Uint8Array[] = []
  const bytes = replay.repeat(out, budget)
  assert.equal(join(out).length, bytes)
  return join(out)
}

/** A replay that keeps all of these, in one flush. */
function keeping(frames: readonly Uint8Array[], limitMax = LIMIT_MAX): Replay {
  const replay = new Replay(true, limitMax)
  const bytes = join(frames)
  replay.keep([bytes], 0, bytes.length, frames.length)
  return replay
}

test('replay keeps a flush until its last frame is acknowledged', () => {
  const frames = framesOf(10, 20, 30)
  const replay = keeping(frames.slice(0, 2))
  replay.keep([frames[2]], 0, frames[2].length, 3)
  assert.equal(replay.bytes, 2 * FLUSH_COST + join(frames).length)
  replay.release(1)
  assert.equal(replay.bytes, 2 * FLUSH_COST + join(frames).length, 'half a flush is not looked for')
  replay.release(2)
  assert.equal(replay.bytes, FLUSH_COST + frames[2].length)
  replay.release(3)
  assert.equal(replay.bytes, 0)
  assert.equal(replay.pending, false)
})

test('replay keeps only the part of a flush that is counted', () => {
  const [head, tail] = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)]
  const counted = join(framesOf(5, 6))
  const replay = new Replay(true, LIMIT_MAX)
  replay.keep([head, counted.subarray(0, 4), counted.subarray(4), tail], 3, 3 + counted.length, 2)
  assert.equal(replay.bytes, FLUSH_COST + counted.length)
  replay.restart(0)
  assert.deepEqual(again(replay), counted)
})

test('replay sends again all behind the last frame received, from the middle of a flush, however its bytes lie', () => {
  const chunked = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 })
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 70 }), fc.constantFrom(63, 64, 17_000)), {
    minLength: 1,
    maxLength: 20,
  })
  fc.assert(
    fc.property(sizes, chunked, fc.double({ min: 0, max: 1, noNaN: true }), (each, cuts, part) => {
      const frames = framesOf(...each)
      const replay = new Replay(true, LIMIT_MAX)
      const ends: number[] = []
      for (let at = 0; at < frames.length; ) {
        const count = Math.min(1 + (cuts[at % cuts.length] % 5), frames.length - at)
        const flush = frames.slice(at, at + count)
        // A header never falls apart, a body may: as the writer has it.
        const chunks = flush.flatMap((one, index) => {
          const cut = Math.min(one.length, 6 + cuts[(at + index) % cuts.length])
          return [one.subarray(0, cut), one.subarray(cut)].filter(({ length }) => length > 0)
        })
        at += count
        ends.push(at)
        replay.keep(chunks, 0, join(chunks).length, at)
      }
      const received = Math.floor(part * frames.length)
      const rest = join(frames.slice(received))
      replay.restart(received)
      const kept = ends.filter((end) => end > received).length
      assert.equal(replay.bytes, kept * FLUSH_COST + rest.length)
      assert.equal(replay.pending, rest.length > 0)
      assert.deepEqual(again(replay), rest)
      assert.equal(replay.pending, false)
      // Lost once more: the same again.
      replay.restart(received)
      assert.deepEqual(again(replay), rest)
    }),
  )
})

test('replay goes out again in flushes of about the budget', () => {
  const replay = new Replay(true, LIMIT_MAX)
  const frames = framesOf(100, 100, 100, 100)
  for (const [at, one] of frames.entries()) replay.keep([one], 0, one.length, at + 1)
  replay.restart(0)
  assert.equal(again(replay, 150).length, 2 * frames[0].length)
  assert.equal(replay.pending, true)
  assert.equal(again(replay, 1).length, frames[0].length)
  assert.equal(again(replay, 1).length, frames[0].length)
  assert.equal(again(replay, 1).length, 0)
})

test('replay is full at its limit, and blocks replies and control only a reserve later', () => {
  const replay = keeping(framesOf(REPLAY_BYTES_MIN - FLUSH_COST - 10))
  assert.deepEqual([replay.full, replay.blocked], [false, false])
  const [small, large] = framesOf(10, 65_536)
  replay.keep([small], 0, small.length, 2)
  assert.deepEqual([replay.full, replay.blocked], [true, false])
  replay.keep([large], 0, large.length, 3)
  assert.deepEqual([replay.full, replay.blocked], [true, true])
  replay.release(1)
  assert.deepEqual([replay.full, replay.blocked], [false, false])
})

test('replay keeps twice what the path needs, within its bounds', () => {
  const replay = new Replay(true, LIMIT_MAX)
  assert.equal(replay.limit, REPLAY_BYTES_MIN)
  for (const [inFlight, limit] of [
    [10, REPLAY_BYTES_MIN],
    [3_000_000, 6_000_000],
    [LIMIT_MAX, LIMIT_MAX],
    [0, REPLAY_BYTES_MIN],
  ] as const) {
    replay.scale(inFlight)
    assert.equal(replay.limit, limit)
  }
})

test('replay asks for an acknowledgement at every eighth of its limit, and after a loss', () => {
  const eighth = REPLAY_BYTES_MIN / 8
  const replay = new Replay(true, LIMIT_MAX)
  assert.equal(replay.wantsAck(0), false)
  assert.equal(replay.wantsAck(eighth - 1), false)
  assert.equal(replay.wantsAck(eighth), true)
  const [half] = framesOf(eighth / 2)
  replay.keep([half], 0, half.length, 1)
  assert.equal(replay.unasking, true)
  assert.equal(replay.wantsAck(eighth / 2), true)
  replay.asked()
  assert.deepEqual([replay.unasking, replay.wantsAck(eighth / 2)], [false, false])
  // Bytes behind the frame that asked are not answered by its ACK.
  replay.asked(100)
  assert.deepEqual([replay.unasking, replay.wantsAck(eighth - 101), replay.wantsAck(eighth - 100)], [true, false, true])
  replay.asked()
  replay.restart(0)
  assert.equal(replay.unasking, true, 'the answer may be lost')
})

test('replay that is off keeps nothing more, and never makes anybody wait', () => {
  const replay = keeping(framesOf(2 * REPLAY_BYTES_MIN))
  assert.equal(replay.full, true)
  replay.turnOff()
  assert.deepEqual(
    [replay.isOn, replay.bytes, replay.full, replay.blocked, replay.pending],
    [false, 0, false, false, false],
  )
  assert.deepEqual([replay.unasking, replay.wantsAck(REPLAY_BYTES_MIN)], [false, false])
})

test('replay is full of small flushes long before they take more memory than its limit says', () => {
  const replay = new Replay(true, LIMIT_MAX)
  const [small] = framesOf(0)
  let flushes = 0
  while (!replay.full) replay.keep([small], 0, small.length, ++flushes)
  assert.ok(flushes < REPLAY_BYTES_MIN / FLUSH_COST)
  replay.release(flushes)
  assert.equal(replay.bytes, 0)
})

test('a path that takes more in flight may have more kept', () => {
  const core = new Core(parseOptions(), true, true)
  core.pace.framesSent = 2
  core.replay.keep([new Uint8Array(3 * REPLAY_BYTES_MIN)], 0, 3 * REPLAY_BYTES_MIN, 2)
  assert.equal(core.replay.full, true)
  core.pace.path.limit = 2 * REPLAY_BYTES_MIN
  core.acked(1)
  assert.equal(core.replay.full, false)
})
