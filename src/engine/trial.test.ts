import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Trial } from './trial.ts'

test('the same delivered with half the limit: it was a queue', () => {
  const trial = new Trial()
  trial.begin(100_000, 10)
  assert.equal(trial.failed(50_000, 7.6), undefined)
  // Decided.
  assert.equal(trial.failed(50_000, 1), undefined)
})

test('half delivered with half the limit: it was none, and the limit is to return', () => {
  const trial = new Trial()
  trial.begin(100_000, 10)
  assert.equal(trial.failed(50_000, 7.4), 100_000)
})

test('a little less decides nothing; several times a little do', () => {
  const trial = new Trial()
  trial.begin(100_000, 10)
  assert.equal(trial.failed(80_000, 8), undefined)
  trial.begin(80_000, 8)
  assert.equal(trial.failed(64_000, 6.4), 100_000)
})

test('a limit that is right ends it, and one that was never lowered has none', () => {
  const trial = new Trial()
  assert.equal(trial.failed(1000, 1), undefined)
  trial.begin(100_000, 10)
  trial.end()
  assert.equal(trial.failed(50_000, 1), undefined)
})
