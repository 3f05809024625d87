// The loops over a stream: in order, left early, ended by a failure.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pair } from '../testing/pair.ts'
import type { SessionOptions } from './options.ts'
import type { Session } from './session.ts'
import type { Stream } from './stream.ts'

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words)
const filled = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value)

/** A stream open on both sides of a pair. */
async function joined(
  options: SessionOptions = {},
): Promise<{ a: Session; b: Session; near: Stream; far: Stream; end: () => Promise<void> }> {
  const [a, b] = pair(options)
  const taken = b.take('s')
  const near = a.open('s')
  const far = await taken
  return { a, b, near, far, end: () => a.close() }
}

test('stream batches give all that has arrived', async () => {
  const { near, far, end } = await joined()
  near.write(filled(3000, 1))
  near.write(filled(3000, 2))
  near.end()
  let sum = 0
  let batches = 0
  for await (const batch of far.batches()) {
    batches++
    for (const chunk of batch) sum += chunk.length
  }
  assert.equal(sum, 6000)
  assert.ok(batches <= 2)
  await end()
})

test('stream loop that is left stops the peer and leaves the writing half alone', async () => {
  const { near, far, end } = await joined()
  near.write(bytes('one'))
  for await (const chunk of far) {
    assert.equal(text(chunk), 'one')
    break
  }
  await new Promise((resolve) => near.signal.addEventListener('abort', resolve))
  await assert.rejects(near.ready, { code: 'BRAID_CANCELLED', initiator: 'remote' })
  far.write(bytes('still here'))
  far.end()
  const got: string[] = []
  for await (const chunk of near) got.push(text(chunk))
  assert.deepEqual(got, ['still here'])
  assert.equal((await near.closed)?.code, 'BRAID_CANCELLED')
  assert.equal((await far.closed)?.initiator, 'local')
  await end()
})

test('stream loop throws what reset the stream, once', async () => {
  const { near, far, end } = await joined()
  const loop = far[Symbol.asyncIterator]()
  const step = loop.next()
  near.reset('NOT_FOUND', 'no such thing')
  await assert.rejects(step, { code: 'BRAID_NOT_FOUND', message: 'no such thing' })
  assert.deepEqual(await loop.next(), { done: true, value: undefined })
  await assert.rejects(far.readable(), { code: 'BRAID_NOT_FOUND' })
  await end()
})

test('stream loop answers steps that were asked for together in order', async () => {
  const { near, far, end } = await joined()
  const loop = far[Symbol.asyncIterator]()
  const steps = [loop.next(), loop.next(), loop.next()]
  near.write(filled(4000, 1))
  near.write(filled(4000, 2))
  near.end()
  const results = await Promise.all(steps)
  const first = results.filter((result) => !result.done).map((result) => (result.value as Uint8Array)[0])
  assert.deepEqual(first, [...first].sort())
  assert.equal((await loop.next()).done, true)
  assert.equal((await loop.return?.())?.done, true)
  await end()
})
