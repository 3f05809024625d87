import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Bag } from './bag.ts'

test('a bag holds what a set would', () => {
  const step = fc.tuple(fc.constantFrom('add', 'delete', 'clear'), fc.nat(9))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const items = Array.from({ length: 10 }, () => ({ place: -1 }))
      const bag = new Bag<(typeof items)[number]>()
      const set = new Set<(typeof items)[number]>()
      for (const [what, index] of steps) {
        const item = items[index]!
        if (what === 'clear') {
          bag.clear()
          set.clear()
        } else if (what === 'delete') assert.equal(bag.delete(item), set.delete(item))
        else {
          bag.add(item)
          set.add(item)
        }
        assert.equal(bag.size, set.size)
        assert.deepEqual(new Set(bag.all()), set)
        for (const each of items) assert.equal(bag.has(each), set.has(each))
      }
    }),
  )
})
