import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Pace } from './pace.ts'

/** Writes one DATA frame as output does; true when it asks for an acknowledgement. */
function send(pace: Pace, bytes: number, now = 0): boolean {
  const mark = pace.wantsMark(bytes)
  pace.framesSent++
  pace.sent(bytes, mark, now)
  return mark
}

/** A path that is known to be short and was not judged yet. */
function onLoopback(): Pace {
  const pace = new Pace()
  pace.path.limit = 524_288
  pace.path.sample(0.1, 0)
  return pace
}

test('what is in flight is what was sent and not acknowledged', () => {
  const pace = onLoopback()
  assert.equal(send(pace, 65_535), false)
  assert.equal(send(pace, 196_609), true)
  assert.equal(send(pace, 100), false)
  assert.equal(pace.inFlight, 262_244)
  pace.acked(2, 5)
  assert.equal(pace.inFlight, 100)
  assert.equal(pace.room, pace.limit - 100)
  assert.equal(pace.rttMs, 0.1)
})

test('the first 16 KiB of a path ask, in a frame of their own; until something is known every 32 KiB', () => {
  const pace = new Pace()
  assert.equal(pace.frameBytes, 16_384)
  assert.deepEqual([send(pace, 16_383), send(pace, 1)], [false, true])
  assert.ok(pace.frameBytes > 65_536)
  assert.deepEqual([send(pace, 32_767), send(pace, 1), send(pace, 32_767), send(pace, 1)], [false, true, false, true])
})

test('what the other end of a new transport has is acknowledged, tells no round trip, and the new path is unknown', () => {
  const pace = new Pace()
  for (let n = 0; n < 10; n++) send(pace, 16_384)
  pace.acked(5, 50)
  pace.limited = true
  const { path } = pace
  pace.resumed(6)
  assert.deepEqual([pace.framesAcked, pace.limited, pace.rttMs, pace.limit], [6, false, undefined, 262_144])
  assert.notEqual(pace.path, path)
  // Those that go out again were sent before, nobody knows when.
  pace.acked(4, 100)
  assert.deepEqual([pace.framesAcked, pace.rttMs], [10, undefined])
})

test('the frame that fills the room asks', () => {
  const pace = new Pace()
  pace.path.sample(5, 0)
  send(pace, pace.limit - 1000)
  assert.equal(send(pace, 999), false)
  assert.equal(send(pace, 1), true)
})

test('an acknowledgement that covers no mark changes nothing in flight', () => {
  const pace = new Pace()
  send(pace, 10)
  pace.acked(1, 5)
  assert.equal(pace.inFlight, 10)
  assert.equal(pace.rttMs, undefined)
})

test('an acknowledgement of more than was sent is a protocol error', () => {
  const pace = new Pace()
  send(pace, 10)
  assert.throws(() => pace.acked(2, 5), { code: 'BRAID_PROTOCOL' })
})

test('whenever there is no room, a mark is under way, wherever the limit falls', () => {
  const steps = fc.array(fc.oneof(fc.nat({ max: 65_536 }), fc.constantFrom('ack', 'other', 'end', 'more', 'fall')))
  fc.assert(
    fc.property(steps, fc.nat({ max: 200 }), (moves, rtt) => {
      const pace = new Pace()
      let marked = 0
      let now = 0
      for (const move of moves) {
        now += rtt
        // A frame that is not DATA; a message end or FIN alone; DATA cut to the room.
        if (move === 'other') pace.framesSent++
        else if (move === 'end') {
          if (send(pace, 0, now)) marked = pace.framesSent
        } else if (move === 'more') pace.limited = true
        else if (move === 'fall') {
          pace.path.limit = 16_384
          pace.path.sample(3, now)
        } else if (move === 'ack') {
          // The peer answers a request only.
          if (marked > pace.framesAcked) pace.acked(marked - pace.framesAcked, now)
        } else if (pace.room > 0 && send(pace, Math.min(move, pace.room, pace.frameBytes), now))
          marked = pace.framesSent
        assert.ok(pace.room > 0 || marked > pace.framesAcked)
        assert.ok(pace.inFlight >= 0)
      }
    }),
  )
})

test('a limit that fell far below what is in flight stops nothing', () => {
  const pace = onLoopback()
  assert.equal(send(pace, 262_144), true)
  assert.equal(send(pace, 200_000), false)
  pace.path.limit = 16_384
  assert.ok(pace.room < 0)
  pace.acked(1, 0.2)
  pace.path.limit = 16_384
  // Nothing asks any more: one more frame may go, and asks.
  assert.deepEqual([pace.inFlight, pace.room], [200_000, 4096])
  assert.equal(send(pace, 4096), true)
  assert.ok(pace.room < 0)
  pace.acked(2, 0.3)
  assert.equal(pace.inFlight, 0)
})

test('the other end of a new transport cannot have fewer frames than it said, nor more than were sent', () => {
  for (const frames of [0, 3]) {
    const pace = new Pace()
    send(pace, 20_000)
    send(pace, 100)
    pace.acked(1, 5)
    assert.throws(() => pace.resumed(frames), { code: 'BRAID_PROTOCOL', message: /possible are 1 to 2/ })
  }
})
