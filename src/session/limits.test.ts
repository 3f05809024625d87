import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pair } from '../testing/pair.ts'
import { addLimits } from './limits.ts'

test('limits of layers above are shown as they are now, of their session and no other', async () => {
  const [a, b] = pair()
  let used = 1
  addLimits(a, () => ({ shelves: { max: 3, used, refused: 0 } }))
  addLimits(a, () => ({ cups: { max: 9, used: 0, refused: 2 } }))
  used = 2
  const { limits } = a.stats()
  assert.deepEqual(
    [limits.shelves, limits.cups],
    [
      { max: 3, used: 2, refused: 0 },
      { max: 9, used: 0, refused: 2 },
    ],
  )
  assert.equal(limits.maxStreams?.max, 256)
  assert.equal(b.stats().limits.shelves, undefined)
  await a.close()
})
