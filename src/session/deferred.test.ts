// Promises that nobody has to watch.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deferred, isThenable, quiet, tell } from './deferred.ts'

test('deferred that rejects unwatched harms nobody, and tells whoever asks later', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => {
    unhandled.push(reason)
  }
  process.on('unhandledRejection', note)
  const deferred = new Deferred<void>()
  deferred.reject(new Error('x'))
  quiet(Promise.reject(new Error('y')))
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', note)
  assert.deepEqual(unhandled, [])
  await assert.rejects(deferred.promise, /x/)
})

test('deferred settles once', async () => {
  const deferred = new Deferred<number>()
  deferred.resolve(1)
  deferred.reject(new Error('late'))
  assert.equal(await deferred.promise, 1)
})

test('isThenable recognises what can be awaited', () => {
  assert.equal(isThenable(Promise.resolve()), true)
  assert.equal(isThenable(Object.fromEntries([['then', () => {}]])), true)
  for (const value of [undefined, null, 1, 'then', {}, new Uint8Array(1)]) assert.equal(isThenable(value), false)
})

test('tell hands over what is thrown at once and what is rejected later, and nothing else', async () => {
  const failed: unknown[] = []
  const note = (cause: unknown): void => {
    failed.push(cause)
  }
  const thrown = [new Error('now'), new Error('later')]
  tell(() => {
    throw thrown[0]
  }, note)
  tell(() => Promise.reject(thrown[1]), note)
  tell(async () => 'fine', note)
  tell(() => undefined, note)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(failed, thrown)
})
