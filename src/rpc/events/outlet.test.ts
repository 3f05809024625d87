// A connection that is behind: what the emitter holds, gives up and tells of it.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Stream } from '../../session/stream.ts'
import { pair } from '../../testing/pair.ts'
import { msgpack } from '../codec/msgpack.ts'
import { events } from '../events.ts'

type Numbers = { n: number; text: string }

const exhausted = { name: 'BraidError', code: 'BRAID_EXHAUSTED' }

/** A listener that takes nothing until it is told to: its connection is behind, not its loop. */
async function stalled(t: TestContext, more: object = {}) {
  const [a, b] = pair()
  t.after(() => a.close())
  const near = events<Numbers>(a, 'chat')
  const stream = b.open('$events', {
    meta: { topic: 'chat', event: 'text', buffer: 4, overflow: 'drop-oldest', codec: 'msgpack', ...more },
  })
  stream.end()
  await stream.accepted
  return { a, near, stream, text: (n: number) => String(n).padEnd(10_000) }
}

/** All that a raw subscription was sent: numbers of events, and gaps as text. */
async function sent(stream: Stream): Promise<(number | string)[]> {
  const all: (number | string)[] = []
  for await (const message of stream.messages()) {
    if (message[0] === 1) all.push(`${message[4]} lost`)
    else all.push(Number(msgpack.decode(message.subarray(1), { depth: 8, keys: 8 })))
  }
  return all
}

test('a connection that is behind: the emitter holds a bounded number and tells what it dropped', async (t) => {
  for (const overflow of ['drop-oldest', 'drop-newest'] as const) {
    const { near, stream, text } = await stalled(t, { overflow })
    for (let n = 0; n < 50; n++) near.emit('text', text(n))
    const { held, dropped } = near.stats()
    assert.equal(held, 4)
    assert.ok(dropped > 0)
    near.close()
    const all = await sent(stream)
    const gap = all.find((item) => typeof item === 'string')
    const numbers = all.filter((item) => typeof item === 'number')
    assert.equal(gap, `${dropped} lost`)
    assert.equal(numbers.length + dropped, 50)
    const before = Array.from({ length: 50 - dropped - 4 }, (_, n) => n)
    const end = overflow === 'drop-oldest' ? [46, 47, 48, 49] : [0, 1, 2, 3].map((n) => before.length + n)
    assert.deepEqual(numbers, [...before, ...end])
    assert.equal(await stream.closed, undefined)
  }
})

test('a connection that is behind and catches up gets what was held, then what comes', async (t) => {
  const { a, near, stream, text } = await stalled(t)
  for (let n = 0; n < 50; n++) near.emit('text', text(n))
  const all = sent(stream)
  while (near.stats().held > 0) await a.ping()
  near.emit('text', text(77))
  near.close()
  assert.deepEqual((await all).slice(-5), [46, 47, 48, 49, 77])
})

test('a connection that is behind loses its subscription if it asked for that', async (t) => {
  const { near, stream, text } = await stalled(t, { overflow: 'fail' })
  for (let n = 0; n < 50; n++) near.emit('text', text(n))
  await assert.rejects(sent(stream), exhausted)
  assert.equal(near.stats().held, 0)
})

test('drops on the other side are counted here', async (t) => {
  const [a, b] = pair()
  t.after(() => a.close())
  const heard = events<Numbers>(b, 'chat').on('n')
  const stream = await a.take('$events')
  stream.accept()
  for (const lost of [3, 4]) stream.send(Uint8Array.of(1, 0, 0, 0, lost))
  stream.send(Uint8Array.of(0, 42))
  assert.deepEqual(await heard.next(), { done: false, value: 42 })
  assert.equal(heard.dropped, 7)
})
