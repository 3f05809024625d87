import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Train } from './train.ts'

/** Acknowledgements of 32 KiB each, so many ms apart; the rate they told last, in bytes a ms. */
function rateOf(apartMs: number, count: number, rttMs = 50): number | undefined {
  const train = new Train()
  let rate: number | undefined
  for (let n = 1; n <= count; n++) rate = train.rate(32_768 * n, rttMs, 100 + apartMs * n)
  return rate
}

test('a flight tells the rate once 128 KiB and a millisecond of it are there', () => {
  assert.equal(rateOf(0.5, 4), undefined)
  assert.equal(rateOf(0.5, 5), 65_536)
  assert.equal(rateOf(0.25, 4), undefined)
  assert.equal(rateOf(0.25, 5), 131_072)
})

test('on a long path a millisecond is too little', () => {
  assert.equal(rateOf(0.25, 5, 128), undefined)
  assert.equal(rateOf(0.25, 9, 128), 131_072)
})

test('what comes a quarter of a round trip later is another flight', () => {
  assert.equal(rateOf(12, 5), 32_768 / 12)
  assert.equal(rateOf(13, 50), undefined)
})

test('what was read at once after a busy moment does not count', () => {
  const train = new Train()
  for (let n = 1; n <= 20; n++) assert.equal(train.rate(32_768 * n, 50, 100), undefined)
  assert.equal(train.rate(32_768 * 21, 50, 101), undefined)
  for (let n = 22; n <= 24; n++) train.rate(32_768 * n, 50, 80 + n)
  assert.equal(train.rate(32_768 * 25, 50, 105), 32_768)
})

test('a clock that was set back begins anew', () => {
  const train = new Train()
  train.rate(0, 50, 1000)
  assert.equal(train.rate(1_000_000, 50, 900), undefined)
  assert.equal(train.rate(1_131_072, 50, 902), 65_536)
})
