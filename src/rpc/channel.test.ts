// A stream of values: order, backpressure, ends of each kind, and codecs of one's own.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Session } from '../session/session.ts'
import { pair } from '../testing/pair.ts'
import { type ChannelOptions, values } from './channel.ts'
import type { Codec } from './codec/codec.ts'

const invalid = { name: 'BraidError', code: 'BRAID_INVALID_INPUT' }

function sessions(t: TestContext): [Session, Session] {
  const both = pair({ maxMessage: 64 * 1024 })
  t.after(() => both[0].close())
  return both
}

async function joined<T>(t: TestContext, options?: ChannelOptions, other: ChannelOptions | undefined = options) {
  const [a, b] = sessions(t)
  const near = values<T>(a.open('values'), options)
  return [near, values<T>(await b.take('values'), other)] as const
}

async function all<T>(channel: AsyncIterable<T>): Promise<T[]> {
  const received: T[] = []
  for await (const value of channel) received.push(value)
  return received
}

test('values arrive equal and in order, both ways, and undefined is one of them', async (t) => {
  const [near, far] = await joined<unknown>(t)
  const sent = [1, undefined, null, 'text', { list: [undefined, 2n] }, new Date(5), Uint8Array.of(1, 2), []]
  for (const value of sent) assert.equal(near.send(value), true)
  near.end()
  assert.deepEqual(await all(far), sent)
  far.send('and back')
  far.end()
  assert.deepEqual(await all(near), ['and back'])
  assert.equal(await near.stream.closed, undefined)
})

test('a sender that heeds false waits for room, and all arrives', async (t) => {
  const [near, far] = await joined<string>(t)
  const text = 'x'.repeat(10_000)
  let waits = 0
  const sending = (async () => {
    for (let count = 0; count < 300; count++) {
      if (near.send(text)) continue
      waits++
      await near.ready
    }
    near.end()
  })()
  let count = 0
  for await (const value of far) {
    assert.equal(value, text)
    count++
  }
  await sending
  assert.equal(count, 300)
  assert.ok(waits > 0)
})

test('bytes that are no value end the loop and reset the stream', async (t) => {
  const [near, far] = await joined<unknown>(t)
  near.send(1)
  near.stream.send(Uint8Array.of(0xc1))
  near.send(2)
  const received: unknown[] = []
  await assert.rejects(async () => {
    for await (const value of far) received.push(value)
  }, invalid)
  assert.deepEqual(received, [1])
  assert.equal((await near.stream.closed)?.code, 'BRAID_INVALID_INPUT')
  await assert.rejects(near[Symbol.asyncIterator]().next(), invalid)
  assert.equal(near.send(3), false)
})

test('limits are those of the receiver', async (t) => {
  const [near, far] = await joined<unknown>(t, undefined, { limits: { depth: 2 } })
  near.send([[1]])
  near.send([[[1]]])
  const steps = far[Symbol.asyncIterator]()
  assert.deepEqual(await steps.next(), { done: false, value: [[1]] })
  await assert.rejects(steps.next(), /limit depth/)
  assert.throws(() => values(near.stream, { limits: { depth: 0 } }), RangeError)
})

test('what cannot travel is thrown at the sender, and the channel goes on', async (t) => {
  const [near, far] = await joined<unknown>(t)
  assert.throws(() => near.send(() => 0), TypeError)
  assert.throws(() => near.send('x'.repeat(70_000)), RangeError)
  near.send('fine')
  near.end()
  assert.throws(() => near.send('late'), TypeError)
  assert.deepEqual(await all(far), ['fine'])
})

test('leaving the loop stops the other side, and the other half goes on', async (t) => {
  const [near, far] = await joined<number>(t)
  near.send(1)
  near.send(2)
  for await (const value of far) {
    assert.equal(value, 1)
    break
  }
  far.send(9)
  far.end()
  assert.deepEqual(await all(near), [9])
  assert.equal((await near.stream.closed)?.code, 'BRAID_CANCELLED')
})

test('a session that fails rejects the loop, disposing ends both halves', async (t) => {
  const [near, far] = await joined<number>(t)
  const step = far[Symbol.asyncIterator]().next()
  await near[Symbol.asyncDispose]()
  await assert.rejects(step, { code: 'BRAID_CANCELLED' })
  const [a, b] = sessions(t)
  const open = values(b.open('x'))[Symbol.asyncIterator]().next()
  await a.close('INTERNAL')
  await assert.rejects(open, { code: 'BRAID_INTERNAL' })
})

const upper: Codec = {
  name: 'upper',
  encode: (value) => [new TextEncoder().encode('>'), new TextEncoder().encode(String(value).toUpperCase())],
  decode: (bytes) => {
    const text = new TextDecoder().decode(bytes)
    if (!text.startsWith('>')) throw new Error('no arrow')
    return text.slice(1)
  },
}

test("a codec of one's own, whose pieces follow each other and whose errors become ours", async (t) => {
  const [near, far] = await joined<string>(t, { codec: upper })
  near.send('one')
  near.stream.send(new TextEncoder().encode('bare'))
  const steps = far[Symbol.asyncIterator]()
  assert.deepEqual(await steps.next(), { done: false, value: 'ONE' })
  await assert.rejects(steps.next(), { ...invalid, message: /no arrow/ })
})
