import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pair } from '../testing/pair.ts'
import { direct, type ReplyTaker } from './direct.ts'
import type { CallOptions } from './opener.ts'

const bytes = Uint8Array.of(1, 2, 3)

/** What a taker is told, in order. */
class Told implements ReplyTaker, CallOptions {
  readonly all: unknown[] = []
  readonly over: Promise<void>
  #end!: () => void

  constructor() {
    this.over = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  takeStream(): void {
    this.all.push('stream')
  }

  replied(reply: Uint8Array): void {
    this.all.push([...reply])
    this.#end()
  }

  failed(error: unknown): void {
    this.all.push((error as { code?: string }).code)
    this.#end()
  }
}

test('a reply goes to the taker, once', async () => {
  const [a, b] = pair()
  b.handleCall('echo', (body) => body)
  const told = new Told()
  direct(a)?.callFor(told, 'echo', bytes, undefined)
  await told.over
  await a.close()
  assert.deepEqual(told.all, [[1, 2, 3]])
})

test('an answer that is a stream comes before the reply', async () => {
  const [a, b] = pair()
  b.handleCall('items', (_body, call) => {
    call.answer('meta').end()
    return bytes
  })
  const told = new Told()
  direct(a)?.callFor(told, 'items', bytes, told)
  await told.over
  await a.close()
  assert.deepEqual(told.all, ['stream', []])
})

test('what fails at once fails before the call has returned, and the end of the session fails the rest', async () => {
  const [a, b] = pair()
  b.handleCall('wait', () => new Promise(() => {}))
  const waiting = new Told()
  direct(a)?.callFor(waiting, 'wait', bytes, undefined)
  await a.close()
  const late = new Told()
  direct(a)?.callFor(late, 'wait', bytes, undefined)
  assert.deepEqual(late.all, ['BRAID_CLOSED'])
  assert.deepEqual(waiting.all, ['BRAID_CLOSED'])
})

test('what stands in front of a session makes calls in its own way', async () => {
  const [a] = pair()
  assert.equal(direct(a), a)
  assert.equal(direct(new Proxy(a, {})), undefined)
  assert.equal(direct(Object.create(a)), undefined)
  assert.equal(direct({ open: a.open, call: a.call, closed: a.closed }), undefined)
  await a.close()
})
