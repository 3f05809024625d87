import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Drain } from './drain.ts'

test('it is due a second after the path is known, and every ten from then on', () => {
  const drain = new Drain()
  assert.equal(drain.isDue(1e9), false)
  drain.soon(500)
  assert.deepEqual([drain.isDue(1499), drain.isDue(1500)], [false, true])
  drain.next(drain.begin(80_000, 10), 10, 16_384, 2000)
  assert.deepEqual([drain.isDue(11_999), drain.isDue(12_000)], [false, true])
})

test('a path that is known well has less in flight for one round trip', () => {
  const drain = new Drain()
  assert.equal(drain.begin(80_000, 10), 50_000)
  assert.equal(drain.isOn, true)
  assert.equal(drain.next(50_000, 9.1, 16_384, 0), 80_000)
  assert.equal(drain.isOn, false)
})

test('where there was a queue it goes on until round trips become no shorter, and returns to the limit it found', () => {
  const drain = new Drain()
  drain.begin(80_000, 100)
  assert.equal(drain.next(50_000, 60, 16_384, 0), 31_250)
  assert.equal(drain.next(31_250, 40, 16_384, 0), 19_531.25)
  assert.equal(drain.isOn, true)
  assert.equal(drain.next(19_531.25, 37, 16_384, 0), 80_000)
  assert.equal(drain.isOn, false)
})

test('it ends where there is no less to be had', () => {
  const drain = new Drain()
  assert.equal(drain.next(drain.begin(16_384, 100), 10, 16_384, 0), 16_384)
  assert.equal(drain.isOn, false)
})
