// The clock of the runtime goes forward, and its timers run once unless cleared.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterMicrotasks, systemClock, systemRandom } from './clock.ts'

test('clock goes forward', () => {
  let last = systemClock.now()
  for (let i = 0; i < 1000; i++) {
    const now = systemClock.now()
    assert.ok(now >= last)
    last = now
  }
})

test('clock runs a timer, but none that was cleared', async () => {
  const cleared = systemClock.set(() => assert.fail('cleared'), 0)
  systemClock.clear(cleared)
  await new Promise<void>((resolve) => systemClock.set(resolve, 1))
})

test('clock does not run a timer of years at once', async () => {
  const far = systemClock.set(() => assert.fail('too early'), 1e12)
  await new Promise<void>((resolve) => systemClock.set(resolve, 2))
  systemClock.clear(far)
})

test('chance lies between 0 and 1', () => {
  const value = systemRandom()
  assert.ok(value >= 0 && value < 1)
})

test('afterMicrotasks waits for what promises do in the same turn, and for no turn of the event loop', async () => {
  const order: string[] = []
  const later = setImmediate(() => order.push('turn'))
  const done = new Promise<void>((resolve) => {
    afterMicrotasks(() => {
      order.push('after')
      resolve()
    })
  })
  for (let hop = 0; hop < 5; hop++) await null
  order.push('hops')
  await done
  clearImmediate(later)
  assert.deepEqual(order, ['hops', 'after'])
})
