// Streams of items as no honest side would make them: neither consumer nor producer may hang, leak or end the session.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { BraidError } from '../../engine/errors.ts'
import type { Session } from '../../session/session.ts'
import type { Stream } from '../../session/stream.ts'
import { pair } from '../../testing/pair.ts'
import { msgpack } from '../codec/msgpack.ts'
import { expose, wrap } from '../index.ts'
import { encodeOne } from '../one-value.ts'
import { FAILED, GrantReader, grantBytes, ITEM, RETURNED, tagged } from './wire.ts'

function sessions(t: TestContext): [server: Session, client: Session] {
  const both = pair()
  t.after(() => both[0].close())
  return both
}

async function rounds({ 0: server, 1: client }: readonly [Session, Session]): Promise<void> {
  for (let n = 0; n < 4; n++) {
    await client.ping()
    await server.ping()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

const none = new Uint8Array(0)
const message = (tag: number, value?: unknown): Uint8Array => tagged(tag, encodeOne(msgpack, value, 1))
const code = (name: string) => (error: unknown) => error instanceof BraidError && error.code === `BRAID_${name}`

/** A producer that says whatever it is told to. */
async function told(t: TestContext, say: (stream: Stream) => void): Promise<[AsyncGenerator, [Session, Session]]> {
  const both = sessions(t)
  both[0].handleCall('told', (_bytes, call) => {
    say(call.answer('items'))
    return none
  })
  return [(await wrap(both[1]).told!()) as AsyncGenerator, both]
}

test('what is no item, or ends without an end, fails the loop', async (t) => {
  const wrong: ((stream: Stream) => void)[] = [
    (stream) => stream.send(none),
    (stream) => stream.send(message(7)),
    (stream) => stream.end(),
    (stream) => {
      stream.send(Uint8Array.of(ITEM, 0xc1))
    },
  ]
  for (const [index, say] of wrong.entries()) {
    const [items, both] = await told(t, say)
    const failed = (error: unknown): boolean => code('PROTOCOL')(error) || code('INVALID_INPUT')(error)
    await assert.rejects(items.next(), failed, `the ${index}th`)
    assert.deepEqual(await items.next(), { done: true, value: undefined })
    await rounds(both)
    assert.equal(both[1].stats().streamsOpen, 0)
    assert.equal(both[1].state, 'ready')
  }
})

test('a failure that cannot be read is a failure still', async (t) => {
  const [items] = await told(t, (stream) => {
    stream.send(Uint8Array.of(FAILED, 0xc1))
    stream.end()
  })
  await assert.rejects(items.next(), code('INTERNAL'))
})

test('items after the end close the stream', async (t) => {
  const [items, both] = await told(t, (stream) => {
    stream.send(message(RETURNED, 'all'))
    stream.send(message(ITEM, 1))
  })
  assert.deepEqual(await items.next(), { done: true, value: 'all' })
  assert.deepEqual(await items.next(), { done: true, value: undefined })
  await rounds(both)
  assert.equal(both[0].stats().streamsOpen + both[1].stats().streamsOpen, 0)
})

test('many steps asked for at once come in order, and end once', async (t) => {
  const [items] = await told(t, (stream) => {
    for (let n = 0; n < 3; n++) stream.send(message(ITEM, n))
    stream.send(message(RETURNED))
    stream.end()
  })
  const steps = await Promise.all(Array.from({ length: 6 }, () => items.next()))
  assert.deepEqual(
    steps.map(({ value }) => value),
    [0, 1, 2, undefined, undefined, undefined],
  )
  assert.deepEqual(
    steps.map(({ done }) => done),
    [false, false, false, true, true, true],
  )
})

test('an item whose parts never come is given up with its call', async (t) => {
  const [items, both] = await told(t, (stream) => {
    const stranger = { write: () => ({ kind: 'stream' as const, number: 99, flag: false }) }
    stream.send(tagged(ITEM, encodeOne(msgpack, { [Symbol.asyncIterator]: 1 }, 1, stranger)))
  })
  const never = items.next()
  await rounds(both)
  await items.return(undefined)
  assert.deepEqual(await never, { done: true, value: undefined })
})

/** A consumer that does whatever it is told to with the stream of an endless count. */
async function consume(t: TestContext, act: (stream: Stream) => void): Promise<void> {
  const both = sessions(t)
  const seen: string[] = []
  expose(both[0], {
    async *count() {
      try {
        for (let n = 0; ; n++) yield n
      } finally {
        seen.push('cleaned')
      }
    },
  })
  await both[1].call('count', none, { takeStream: act })
  await rounds(both)
  assert.deepEqual(seen, ['cleaned'])
  assert.equal(both[0].stats().streamsOpen, 0)
  assert.equal(both[0].state, 'ready')
}

test('a consumer that leaves in any other way stops the producer too', async (t) => {
  await consume(t, (stream) => stream.end())
  await consume(t, (stream) => stream.reset('CANCELLED'))
  await consume(t, (stream) => {
    stream.write(grantBytes(10_000))
    stream.stop('CANCELLED')
  })
  await consume(t, (stream) => stream.write(grantBytes(2 ** 32 - 1)))
})

test('grants add up from any pieces, and absurd ones are refused', () => {
  const reader = new GrantReader()
  const bytes = Uint8Array.of(...grantBytes(258), ...grantBytes(1))
  assert.deepEqual([reader.read(bytes.subarray(0, 3)), reader.read(bytes.subarray(3))], [0, 259])
  assert.throws(() => reader.read(grantBytes(2 ** 31)), code('INVALID_INPUT'))
})
