import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepHeapTop } from './heap-top.ts'

test('the top of the heap is kept once in a process, on Linux', () => {
  const { arrayBuffers, rss } = process.memoryUsage()
  assert.equal(keepHeapTop(), process.platform === 'linux')
  const after = process.memoryUsage()
  if (process.platform === 'linux') assert.ok(after.arrayBuffers - arrayBuffers > 30 * 2 ** 20)
  // Nothing stands behind it.
  assert.ok(after.rss - rss < 8 * 2 ** 20)
  assert.equal(keepHeapTop(), false)
})
