// A number with a ceiling.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ceiling } from './ceiling.ts'

test('a ceiling takes up to its number and counts what it refuses', () => {
  const ceiling = new Ceiling(10)
  assert.equal(ceiling.take(6), true)
  assert.equal(ceiling.take(5), false)
  assert.equal(ceiling.take(4), true)
  ceiling.give(7)
  assert.deepEqual({ ...ceiling }, { max: 10, used: 3, refused: 1 })
})
