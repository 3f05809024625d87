// What is held, what gives, and in which order the rest comes out.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Backlog } from './backlog.ts'

const message = (value: number, length = 1): Uint8Array => new Uint8Array(length).fill(value)

function drain(backlog: Backlog): number[] {
  const values: number[] = []
  for (let next = backlog.shift(); next !== undefined; next = backlog.shift()) values.push(next[0]!)
  return values
}

test('a full backlog gives up its oldest, the newest, or nothing', () => {
  const left = { 'drop-oldest': [3, 4, 5], 'drop-newest': [1, 2, 3], fail: [1, 2, 3] } as const
  for (const overflow of ['drop-oldest', 'drop-newest', 'fail'] as const) {
    const backlog = new Backlog(3, 1000, overflow)
    const taken = [1, 2, 3, 4, 5].map((value) => backlog.push(message(value)))
    assert.deepEqual(taken.slice(3), overflow === 'fail' ? [false, false] : [true, true])
    assert.equal(backlog.dropped, overflow === 'fail' ? 0 : 2)
    assert.deepEqual(drain(backlog), left[overflow])
  }
})

test('bytes are bounded too, but one message always fits', () => {
  const backlog = new Backlog(100, 10, 'drop-oldest')
  backlog.push(message(1, 50))
  assert.equal(backlog.size, 1)
  backlog.push(message(2, 4))
  backlog.push(message(3, 4))
  backlog.push(message(4, 4))
  assert.deepEqual([backlog.size, backlog.dropped], [2, 2])
  backlog.push(message(5, 11))
  assert.deepEqual([drain(backlog), backlog.dropped], [[5], 4])
})

test('it behaves as a list of the newest does, whatever comes', () => {
  const steps = fc.array(fc.option(fc.nat(255), { freq: 3 }), { maxLength: 400 })
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 80 }), (order, max) => {
      const backlog = new Backlog(max, 1_000_000, 'drop-oldest')
      const model: number[] = []
      for (const value of order) {
        if (value === null) assert.equal(backlog.shift()?.[0], model.shift())
        else {
          backlog.push(message(value))
          model.push(value)
          if (model.length > max) model.shift()
        }
        assert.equal(backlog.size, model.length)
      }
      assert.deepEqual(drain(backlog), model)
    }),
  )
})
