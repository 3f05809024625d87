// A frame that was begun and how it goes on.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LATE_MS } from './liveness.ts'
import { SlowFrame } from './slow.ts'

const at = (pending: number, frames = 0) => ({ frames, pending })

test('a frame that gets 5,120 bytes every ten seconds goes on, one that gets fewer does not', () => {
  const slow = new SlowFrame()
  let now = 0
  for (const pending of [1, 5_121, 10_241]) {
    slow.watch(at(pending), now)
    now += 10_000
    assert.equal(slow.due, now)
    assert.equal(slow.stuck(at(pending + 5_120), now), false)
  }
  slow.watch(at(15_361), now)
  assert.equal(slow.stuck(at(20_480), now + 9_999), false)
  assert.equal(slow.stuck(at(20_480), now + 10_000), true)
})

test('another frame has ten seconds of its own', () => {
  const slow = new SlowFrame()
  slow.watch(at(1), 0)
  slow.watch(at(1, 1), 9_000)
  assert.equal(slow.stuck(at(1, 1), 10_000), false)
  assert.equal(slow.stuck(at(1, 1), 19_000), true)
})

test('a frame that is stuck is told of once', () => {
  const slow = new SlowFrame()
  slow.watch(at(1), 0)
  assert.equal(slow.stuck(at(1), 10_000), true)
  slow.watch(at(1), 10_000)
  assert.equal(slow.due, Number.POSITIVE_INFINITY)
  assert.equal(slow.stuck(at(1), 60_000), false)
})

test('a look that comes a little late is followed by another before the verdict', () => {
  const slow = new SlowFrame()
  slow.watch(at(1), 0)
  assert.equal(slow.stuck(at(1), 10_003), false)
  slow.watch(at(1), 10_003)
  assert.equal(slow.due, 10_013)
  assert.equal(slow.stuck(at(1), 10_014), true)
  const read = new SlowFrame()
  read.watch(at(1), 0)
  assert.equal(read.stuck(at(1), 10_003), false)
  assert.equal(read.stuck(at(5_121), 10_013), false)
})

test('the second look may be as late as the first', () => {
  for (const [late, stuck] of [
    [LATE_MS, true],
    [LATE_MS + 1, false],
  ] as const) {
    const slow = new SlowFrame()
    slow.watch(at(1), 0)
    assert.equal(slow.stuck(at(1), 10_001), false)
    assert.equal(slow.stuck(at(1), slow.due + late), stuck)
  }
})

test('a look that comes late says nothing about the peer', () => {
  const slow = new SlowFrame()
  slow.watch(at(1), 0)
  assert.equal(slow.stuck(at(1), 11_001), false)
  slow.watch(at(1), 11_001)
  assert.equal(slow.due, 21_001)
})

test('where no frame is under way nothing is waited for', () => {
  const slow = new SlowFrame()
  assert.equal(slow.due, Number.POSITIVE_INFINITY)
  slow.watch(at(1), 0)
  slow.forget()
  assert.equal(slow.due, Number.POSITIVE_INFINITY)
  slow.watch(at(1), 5_000)
  assert.equal(slow.due, 15_000)
})
