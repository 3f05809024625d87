// What waits is given up in order, each after its own time, by one timer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../testing/pair.ts'
import { Waiting } from './waiting.ts'

test('waiting gives up each item after its time, oldest first, with one timer', () => {
  const clock = new ManualClock()
  const gone: string[] = []
  const waiting = new Waiting<string>(clock, 100, (item) => gone.push(item))
  waiting.add('a')
  clock.advance(40)
  waiting.add('b')
  waiting.add('c')
  assert.equal(clock.pending, 1)
  clock.advance(60)
  assert.deepEqual(gone, ['a'])
  assert.equal(waiting.delete('b'), true)
  assert.equal(waiting.delete('b'), false)
  clock.advance(40)
  assert.deepEqual(gone, ['a', 'c'])
  assert.equal(waiting.refused, 2)
  assert.equal(clock.pending, 0)
})

test('waiting that is cleared gives up nothing', () => {
  const clock = new ManualClock()
  const waiting = new Waiting<string>(clock, 100, () => assert.fail('given up'))
  waiting.add('a')
  assert.deepEqual([...waiting], ['a'])
  waiting.clear()
  assert.equal(waiting.size, 0)
  assert.equal(clock.pending, 0)
})

test('waiting without anything left sets no timer', () => {
  const clock = new ManualClock()
  const waiting = new Waiting<string>(clock, 100, () => {})
  waiting.add('a')
  waiting.delete('a')
  assert.equal(clock.pending, 0)
})

test('waiting keeps its order for what may wait on, and does not look again at once', () => {
  const clock = new ManualClock()
  const gone: string[] = []
  const waiting = new Waiting<string>(
    clock,
    0,
    (item) => gone.push(item),
    (item) => item !== 'c',
  )
  for (const item of ['a', 'b', 'c']) waiting.add(item)
  clock.advance(10)
  assert.deepEqual(gone, ['c'])
  assert.deepEqual([...waiting], ['a', 'b'])
  assert.equal(clock.pending, 1)
})
