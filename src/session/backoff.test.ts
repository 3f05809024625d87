// The waits between two dials.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoff } from './backoff.ts'

test('backoff is any part of a bound that doubles from 100 ms to 30 s', () => {
  const bounds = [0, 1, 2, 8, 9, 100, 5000].map((tries) => backoff(tries, () => 1))
  assert.deepEqual(bounds, [100, 200, 400, 25_600, 30_000, 30_000, 30_000])
  assert.equal(
    backoff(3, () => 0),
    0,
  )
  assert.equal(
    backoff(3, () => 0.25),
    200,
  )
})
