// When a call counts as over, and that what passes through stays what it was.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pair } from '../testing/pair.ts'
import { type Failure, whenOver } from './outcome.ts'

function watch(result: unknown): { ends: (unknown | 'well')[]; items: AsyncIterableIterator<unknown> } {
  const ends: unknown[] = []
  const over = (failure: Failure): void => void ends.push(failure === undefined ? 'well' : failure.error)
  return { ends, items: whenOver(result, over) as AsyncIterableIterator<unknown> }
}

async function* count(log: string[] = []): AsyncGenerator<number, string> {
  try {
    yield 1
    yield 2
    return 'all'
  } finally {
    log.push('cleaned up')
  }
}

test('a value is over at once and passes as it is', async () => {
  const [a] = pair()
  for (const value of [undefined, 5, 'text', { a: 1 }, [1], new ReadableStream(), a.open('bytes')]) {
    const { ends, items } = watch(value)
    assert.deepEqual(ends, ['well'])
    assert.equal(items, value)
  }
  await a.close()
})

test('items are over after the last one, with what the iteration returns', async () => {
  const { ends, items } = watch(count())
  const steps = [await items.next(), await items.next()]
  assert.deepEqual(
    steps.map((step) => step.value),
    [1, 2],
  )
  assert.deepEqual(ends, [])
  assert.deepEqual(await items.next(), { done: true, value: 'all' })
  assert.deepEqual(await items.next(), { done: true, value: undefined })
  assert.deepEqual(ends, ['well'])
})

test('leaving the loop and disposing end items, and reach the producer', async () => {
  const log: string[] = []
  const { ends, items } = watch(count(log))
  for await (const _ of items) break
  const other = watch(count(log))
  await other.items.next()
  await (other.items as unknown as AsyncDisposable)[Symbol.asyncDispose]()
  assert.deepEqual([log, ends, other.ends], [['cleaned up', 'cleaned up'], ['well'], ['well']])
})

test('a failure ends items with it, also one thrown in', async () => {
  const failing = watch({
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('broken')) }),
  })
  await assert.rejects(failing.items.next(), /broken/)
  assert.equal((failing.ends[0] as Error).message, 'broken')
  for (const items of [count(), { [Symbol.asyncIterator]: () => ({ next: () => count().next() }) }]) {
    const thrown = watch(items)
    await thrown.items.next()
    await assert.rejects(
      async () => await thrown.items.throw?.('mine'),
      (error) => error === 'mine',
    )
    assert.deepEqual(thrown.ends, ['mine'])
  }
})
