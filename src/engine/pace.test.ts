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

const HALF = 524_288 / 2

test('what is in flight is what was sent and not acknowledged', () => {
  const pace = new Pace()
  pace.sample(5)
  assert.equal(send(pace, HALF - 1), false)
  assert.equal(send(pace, 1), true)
  assert.equal(send(pace, 100), false)
  assert.equal(pace.inFlight, HALF + 100)
  pace.acked(2, 5)
  assert.equal(pace.inFlight, 100)
  assert.equal(pace.room, pace.limit - 100)
  assert.equal(pace.rttMs, 5)
})

test('where nothing is known of the path, or it is slow, every 32 KiB asks: it may take longer to cross than silence may last', () => {
  const pace = new Pace()
  assert.deepEqual([send(pace, 32_767), send(pace, 1), send(pace, 32_767), send(pace, 1)], [false, true, false, true])
  pace.acked(4, 2_000)
  assert.deepEqual([send(pace, 32_767, 2_000), send(pace, 1, 2_000)], [false, true])
  pace.acked(2, 2_900)
  assert.deepEqual([send(pace, 32_768, 2_900), send(pace, HALF, 2_900)], [false, true])
})

test('what the other end of a new transport has is acknowledged, but tells no round trip', () => {
  const pace = new Pace()
  send(pace, HALF)
  send(pace, 100)
  pace.resumed(1)
  assert.deepEqual([pace.framesAcked, pace.inFlight, pace.rttMs], [1, 100, undefined])
  pace.acked(1, 5)
  assert.equal(pace.framesAcked, 2)
})

test('the frame that fills the room asks', () => {
  const pace = new Pace()
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

test('whenever there is no room, a mark is under way', () => {
  const steps = fc.array(fc.oneof(fc.nat({ max: 65_536 }), fc.constantFrom('ack', 'other', 'end', 'more')))
  fc.assert(
    fc.property(steps, fc.nat({ max: 20 }), (moves, rtt) => {
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
        else if (move === 'ack') {
          // The peer answers a request only.
          if (marked > pace.framesAcked) pace.acked(marked - pace.framesAcked, now)
        } else if (pace.room > 0 && send(pace, Math.min(move, pace.room), now)) marked = pace.framesSent
        assert.ok(pace.room > 0 || marked > pace.framesAcked)
        assert.ok(pace.inFlight >= 0 && pace.inFlight <= pace.limit)
      }
    }),
  )
})

test('the smallest of the last eight round trips counts', () => {
  const pace = new Pace()
  assert.equal(pace.rttMs, undefined)
  for (const rtt of [1, 9, 8, 7, 6, 5, 4, 3]) pace.sample(rtt)
  assert.equal(pace.rttMs, 1)
  pace.sample(10)
  assert.equal(pace.rttMs, 3)
})

test('on a long path that was short of room the limit doubles, once a round trip, up to its most', () => {
  const pace = new Pace()
  const round = (now: number) => {
    pace.limited = true
    while (pace.room > 0) send(pace, Math.min(65_536, pace.room), now)
    pace.acked(pace.framesSent - pace.framesAcked, now + 50)
  }
  round(0)
  assert.equal(pace.limit, 2 * 524_288)
  for (let i = 1; i < 20; i++) round(100 * i)
  assert.equal(pace.limit, 33_554_432)
})

test('a limit raised in a busy moment is taken back once the path is seen to be short', () => {
  const pace = new Pace()
  for (let round = 0; round < 3; round++) {
    pace.limited = true
    while (pace.room > 0) send(pace, Math.min(65_536, pace.room), 100 * round)
    pace.acked(pace.framesSent - pace.framesAcked, 100 * round + 5)
  }
  assert.equal(pace.limit, 8 * 524_288)
  // As much as one mark may leave unmarked: nothing would be acknowledged any more if the limit fell below it.
  pace.sample(0.1)
  let marked = 0
  for (let i = 0; i < 10; i++) {
    if (send(pace, 65_536, 1000)) marked = pace.framesSent
    if (marked > pace.framesAcked) pace.acked(marked - pace.framesAcked, 1000.1)
    assert.ok(pace.room > 0)
  }
  while (pace.limit > 524_288) {
    if (send(pace, Math.min(65_536, pace.room), 2000)) pace.acked(pace.framesSent - pace.framesAcked, 2000.1)
  }
  assert.equal(pace.limit, 524_288)
})

test('the limit does not grow when the round trip shows a queue', () => {
  const pace = new Pace()
  pace.sample(50)
  pace.limited = true
  send(pace, HALF)
  pace.acked(1, 100)
  assert.equal(pace.limit, 524_288)
})

test('the limit does not grow on a short path, nor when there was room', () => {
  const short = new Pace()
  short.limited = true
  send(short, HALF)
  short.acked(1, 1)
  const idle = new Pace()
  send(idle, HALF)
  idle.acked(1, 50)
  assert.deepEqual([short.limit, idle.limit], [524_288, 524_288])
})

/** Share of a long link that a sender with much to send fills in the second half of the time; times in ms, rate in bytes per ms. */
function filled(rate: number, rttMs: number, untilMs: number): number {
  const pace = new Pace()
  const acks: { readonly at: number; readonly frames: number }[] = []
  let [freeAt, told, late] = [0, 0, 0]
  for (let now = 0; now < untilMs; now++) {
    for (let ack = acks[0]; ack !== undefined && ack.at <= now; ack = acks[0]) {
      acks.shift()
      pace.acked(ack.frames, now)
    }
    while (pace.room > 0) {
      const size = Math.min(65_536, pace.room)
      const marked = send(pace, size, now)
      freeAt = Math.max(freeAt, now) + size / rate
      if (now >= untilMs / 2) late += size
      if (marked) {
        acks.push({ at: freeAt + rttMs, frames: pace.framesSent - told })
        told = pace.framesSent
      }
    }
    pace.limited = true
  }
  return late / ((untilMs / 2) * rate)
}

test('a long link is filled, because what is let go at once does not pass for a queue', () => {
  for (const [megabit, rttMs] of [
    [400, 200],
    [100, 600],
    [1000, 100],
    [100, 50],
  ] as const) {
    const share = filled((megabit * 1e6) / 8 / 1000, rttMs, 40 * rttMs)
    assert.ok(share >= 0.95, `${megabit} Mbit/s over ${rttMs} ms: ${(share * 100).toFixed(0)} %`)
  }
})

test('the other end of a new transport cannot have fewer frames than it said, nor more than were sent', () => {
  for (const frames of [0, 3]) {
    const pace = new Pace()
    send(pace, HALF)
    send(pace, 100)
    pace.acked(1, 5)
    assert.throws(() => pace.resumed(frames), { code: 'BRAID_PROTOCOL', message: /possible are 1 to 2/ })
  }
})
