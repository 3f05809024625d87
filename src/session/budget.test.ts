// A number with a ceiling.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Budget } from './budget.ts'

test('budget takes up to its ceiling and counts what it refuses', () => {
  const budget = new Budget(10)
  assert.equal(budget.take(6), true)
  assert.equal(budget.take(5), false)
  assert.equal(budget.take(4), true)
  budget.give(7)
  assert.deepEqual({ ...budget }, { max: 10, used: 3, refused: 1 })
})
