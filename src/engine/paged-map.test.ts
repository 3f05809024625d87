import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PagedMap } from './paged-map.ts'

test('a paged map is a map, whatever is set, deleted and skipped', () => {
  const moves = fc.array(fc.tuple(fc.constantFrom('set', 'delete', 'skip'), fc.nat({ max: 200 })), { maxLength: 600 })
  fc.assert(
    fc.property(moves, fc.constantFrom(0, 31, 2 ** 31 - 40, 2 ** 40), (all, first) => {
      const map = new PagedMap<string>()
      const model = new Map<number, string>()
      let next = first
      for (const [move, by] of all) {
        if (move === 'set') {
          map.set(next, `${next}`)
          model.set(next, `${next}`)
          next++
        } else if (move === 'delete') assert.equal(map.delete(next - by), model.delete(next - by))
        else next += by
        assert.equal(map.size, model.size)
        assert.equal(map.get(next - by), model.get(next - by))
        assert.equal(map.has(next - by), model.has(next - by))
      }
      assert.deepEqual([...map.values()], [...model.values()])
    }),
  )
})

test('the first number may be any', () => {
  for (const first of [0, 31, 32, 63, 64, 2 ** 31, 2 ** 40]) {
    const map = new PagedMap<string>()
    map.set(first, 'first')
    assert.equal(map.get(first), 'first')
    assert.deepEqual([...map.values()], ['first'])
    assert.deepEqual([map.delete(first), map.delete(first), map.size], [true, false, 0])
  }
})

test('values may go while others are looked at', () => {
  const map = new PagedMap<number>()
  for (let number = 0; number < 200; number++) map.set(number, number)
  const seen: number[] = []
  for (const value of map.values()) {
    seen.push(value)
    map.delete(value)
    map.delete(value + 1)
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 100 }, (_, at) => at * 2),
  )
  assert.equal(map.size, 0)
})

test('pages go when they are empty, and lives that are over at once make none', () => {
  const map = new PagedMap<number>()
  const pages = (): number => (map as unknown as { readonly pages: Map<number, unknown> }).pages.size
  for (let number = 0; number < 1000; number++) {
    map.set(number, number)
    map.delete(number)
  }
  assert.equal(pages(), 1)
  for (let number = 1000; number < 1064; number++) map.set(number, number)
  assert.equal(pages(), 3)
  for (let number = 1000; number < 1064; number++) map.delete(number)
  assert.equal(pages(), 1)
})
