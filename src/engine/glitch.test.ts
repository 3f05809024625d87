import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GlitchBucket } from './glitch.ts'

function emptied(): GlitchBucket {
  const bucket = new GlitchBucket()
  for (let i = 0; i < 1000; i++) bucket.spend('test')
  return bucket
}

const flood = { code: 'BRAID_FLOOD' }

test('a bucket holds a thousand tokens, and then it is a flood', () => {
  const bucket = emptied()
  assert.throws(() => bucket.spend('the last straw'), { ...flood, message: /the last straw/ })
  assert.equal(bucket.refused, 1)
})

test('time refills a hundred a second, up to the full bucket', () => {
  const bucket = emptied()
  bucket.refill(1000)
  bucket.refill(900)
  assert.equal(Math.round(bucket.tokens), 100)
  bucket.refill(1_000_000)
  assert.equal(bucket.tokens, 1000)
})

test('work done earns tokens, up to the full bucket', () => {
  const bucket = emptied()
  bucket.streamFinished()
  bucket.callFinished()
  assert.equal(bucket.tokens, 2)
  bucket.payload(16_383)
  assert.equal(bucket.tokens, 2)
  bucket.payload(1 + 32_768)
  assert.equal(bucket.tokens, 5)
  const full = new GlitchBucket()
  full.streamFinished()
  full.callFinished()
  full.payload(1_000_000)
  assert.equal(full.tokens, 1000)
})

test('what has ended forgives frames that cross its end', () => {
  const bucket = new GlitchBucket()
  bucket.streamFinished()
  bucket.callFinished()
  for (let i = 0; i < 5; i++) bucket.crossed('test')
  assert.equal(bucket.tokens, 1000)
  bucket.crossed('test')
  assert.equal(bucket.tokens, 999)
})

test('no more than 16,384 frames are forgiven', () => {
  const bucket = new GlitchBucket()
  for (let i = 0; i < 5000; i++) bucket.streamFinished()
  for (let i = 0; i < 100; i++) bucket.callFinished()
  for (let i = 0; i < 16_384; i++) bucket.crossed('test')
  assert.equal(bucket.tokens, 1000)
  bucket.crossed('test')
  assert.equal(bucket.tokens, 999)
})

test('a frame for something that has just ended is free as long as enough has ended, and counted when it is not', () => {
  const bucket = new GlitchBucket()
  bucket.callFinished()
  const free = bucket.forgiven
  for (let i = 0; i < free + 2; i++) bucket.crossed('CREDIT')
  assert.deepEqual([bucket.forgiven, bucket.unforgiven], [0, 2])
})
