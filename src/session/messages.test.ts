// Message streams keep boundaries, within what one message and one session may take.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BraidError } from '../engine/errors.ts'
import { pair } from '../testing/pair.ts'
import type { SessionOptions } from './options.ts'
import type { Session } from './session.ts'
import type { Stream } from './stream.ts'

const filled = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value)

async function joined(options: SessionOptions = {}): Promise<{ a: Session; b: Session; near: Stream; far: Stream }> {
  const [a, b] = pair(options)
  const taken = b.take('s')
  const near = a.open('s')
  return { a, b, near, far: await taken }
}

/** Sends all, waiting for room. */
async function sendAll(stream: Stream, messages: Uint8Array[]): Promise<void> {
  for (const message of messages) if (!stream.send(message)) await stream.ready
  stream.end()
}

test('message stream keeps boundaries of messages of every size, empty ones too', async () => {
  const { a, near, far } = await joined()
  const sizes = [0, 1, 2, 0, 0, 1000, 2047, 2048, 65_535, 65_536, 65_537, 300_000, 3, 0]
  const sent = sizes.map((size, index) => filled(size, index + 1))
  const sending = sendAll(near, sent)
  const got: Uint8Array[] = []
  for await (const message of far.messages()) got.push(message)
  assert.deepEqual(got, sent)
  await sending
  await a.close()
})

test('message stream carries messages both ways at once', async () => {
  const { a, near, far } = await joined()
  const sent = Array.from({ length: 500 }, (_, index) => filled(index, index & 255))
  const read = async (stream: Stream): Promise<Uint8Array[]> => {
    const got: Uint8Array[] = []
    for await (const message of stream.messages()) got.push(message)
    return got
  }
  const [left, right] = await Promise.all([read(near), read(far), sendAll(near, sent), sendAll(far, sent)])
  assert.deepEqual(left, sent)
  assert.deepEqual(right, sent)
  await a.close()
})

test('message stream refuses to send more than maxMessage', async () => {
  const { a, near } = await joined({ maxMessage: 1000 })
  assert.throws(() => near.send(filled(1001)), RangeError)
  assert.throws(() => near.send('x' as unknown as Uint8Array), TypeError)
  assert.equal(near.send(filled(1000)), true)
  await a.close()
})

test('message stream resets a peer whose message is over long', async () => {
  const [a, b] = pair({}, { maxMessage: 1000 })
  const taken = b.take('s')
  const near = a.open('s')
  const far = await taken
  near.send(filled(1001))
  await assert.rejects(far.messages().next(), { code: 'BRAID_LIMIT_EXCEEDED' })
  assert.equal((await near.closed)?.code, 'BRAID_LIMIT_EXCEEDED')
  assert.equal(b.stats().limits.maxMessage?.refused, 1)
  await a.close()
})

test('message stream resets a peer whose message never ends before it takes more than maxMessage', async () => {
  const [a, b] = pair({}, { maxMessage: 100_000 })
  const taken = b.take('s')
  const near = a.open('s')
  const far = await taken
  near.write(filled(1_000_000))
  await assert.rejects(far.messages().next(), { code: 'BRAID_LIMIT_EXCEEDED' })
  assert.equal(b.stats().limits.maxAssembled?.used, 0)
  await a.close()
})

test('message streams of a session together take at most maxAssembled', async () => {
  const [a, b] = pair({}, { maxAssembled: 200_000 })
  const loops: Promise<unknown>[] = []
  const streams = b.streams()
  for (let i = 0; i < 4; i++) {
    const near = a.open('s')
    near.write(filled(150_000))
    const { value: far } = await streams.next()
    loops.push(
      (far as Stream)
        .messages()
        .next()
        .catch((error: BraidError) => error.code),
    )
  }
  const first = await Promise.race(loops)
  assert.equal(first, 'BRAID_EXHAUSTED')
  assert.ok((b.stats().limits.maxAssembled?.used ?? 0) <= 200_000)
  assert.ok((b.stats().limits.maxAssembled?.refused ?? 0) >= 1)
  await a.close()
  await Promise.all(loops)
  assert.equal(b.stats().limits.maxAssembled?.used, 0)
})

test('message stream that ends inside a message throws', async () => {
  const { a, near, far } = await joined()
  near.send(filled(3))
  near.write(filled(5))
  near.end()
  const loop = far.messages()
  assert.equal((await loop.next()).value?.length, 3)
  await assert.rejects(loop.next(), { code: 'BRAID_PROTOCOL' })
  await a.close()
})

test('message stream that is left stops the peer', async () => {
  const { a, near, far } = await joined()
  near.send(filled(1))
  for await (const _ of far.messages()) break
  far.end()
  assert.equal((await near.closed)?.code, 'BRAID_CANCELLED')
  await a.close()
})

test('message stream can be read as bytes, and its credit returns', async () => {
  const { a, near, far } = await joined({ streamWindow: 16_384, streamWindowMax: 16_384, growthPool: 0 })
  const sent = Array.from({ length: 30_000 }, (_, index) => filled(index % 3))
  const sending = sendAll(near, sent)
  let sum = 0
  for await (const chunk of far) sum += chunk.length
  assert.equal(sum, 30_000)
  await sending
  await a.close()
})
