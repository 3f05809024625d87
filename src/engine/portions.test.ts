import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstWindowBytes, frameBytes, isFast, markBytes, queueMs, windowBytes } from './portions.ts'

const KiB = 1024
const MiB = 1024 * KiB

test('fast begins at 100 MiB/s', () => {
  assert.deepEqual([isFast((99 * MiB) / 1000), isFast((100.1 * MiB) / 1000)], [false, true])
})

test('eight marks a limit, of 4 to 256 KiB; on a fast short path 256 KiB', () => {
  assert.deepEqual(
    [16 * KiB, 40 * KiB, 800 * KiB, 32 * MiB].map((limit) => markBytes(limit, false, 10)),
    [4 * KiB, 5 * KiB, 100 * KiB, 256 * KiB],
  )
  assert.equal(markBytes(512 * KiB, true, 0.1), 256 * KiB)
})

test('where a round trip takes more than a second every 32 KiB asks: it may take longer to cross than silence may last', () => {
  assert.deepEqual([markBytes(MiB, false, 1001), markBytes(MiB, false, 1000)], [32 * KiB, 128 * KiB])
})

test('a frame is an eighth of a small limit, at least 4 KiB, and as long as it may be from 256 KiB on', () => {
  assert.deepEqual([16 * KiB, 64 * KiB, 256 * KiB].map(frameBytes), [4 * KiB, 8 * KiB, MiB])
})

test('a queue may take an eighth of the round trip, or a wake-up', () => {
  const slow = (10 * MiB) / 1000
  assert.deepEqual([queueMs(slow, 80), queueMs(slow, 0.1)], [10, 1])
  assert.equal(queueMs((64 * MiB) / 1000, 0.1) * ((64 * MiB) / 1000), 24 * KiB)
  assert.deepEqual([queueMs(MiB, 0.1), queueMs(MiB, 80)], [0.5, 10])
})

test('windows are half as much again as the limit; at the start what the path may carry, up to 8 MiB', () => {
  assert.equal(windowBytes(1000), 1500)
  assert.equal(firstWindowBytes(256 * KiB, 50, Number.POSITIVE_INFINITY), 50 * 128 * KiB)
  assert.equal(firstWindowBytes(256 * KiB, 200, Number.POSITIVE_INFINITY), 8 * MiB)
  assert.equal(firstWindowBytes(256 * KiB, 50, 10 * KiB), 500 * KiB)
  assert.equal(firstWindowBytes(256 * KiB, 50, KiB), 384 * KiB)
})
