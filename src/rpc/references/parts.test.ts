// Values and their parts in any order, parts nobody names, numbers nobody has, and ends while one waits for the other.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { BraidError } from '../../engine/errors.ts'
import { joined } from '../../session/bytes.ts'
import type { Session } from '../../session/session.ts'
import type { Stream } from '../../session/stream.ts'
import { ManualClock, pair } from '../../testing/pair.ts'
import { rpcOf } from '../call/connect.ts'
import type { Reference } from '../codec/codec.ts'
import { msgpack } from '../codec/msgpack.ts'
import { expose, wrap } from '../index.ts'

type Options = Parameters<typeof pair>[0]

function sessions(t: TestContext, options?: Options): [server: Session, client: Session] {
  const both = pair(options)
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

const code = (name: string) => (error: unknown) => error instanceof BraidError && error.code === `BRAID_${name}`
const streamsOf = (both: readonly [Session, Session]): number =>
  both[0].stats().streamsOpen + both[1].stats().streamsOpen

/** Bytes of a value in which functions stand for these references, in order. */
function naming(value: unknown, ...references: Reference[]): Uint8Array {
  return joined(msgpack.encode(value, { write: () => references.shift() }))
}
const placeholder = (): (() => void) => () => {}
const stream = (number: number): Reference => ({ kind: 'stream', number, flag: false })

async function collect(from: AsyncIterable<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of from) text += new TextDecoder().decode(chunk)
  return text
}

test('a part may arrive long before its value, or long after', async (t) => {
  const both = sessions(t)
  expose(both[0], { read: (part: Stream) => collect(part) })
  const send = (number: number): void => {
    const part = both[1].open('$part', { meta: number })
    part.write(new TextEncoder().encode(`part ${number}`))
    part.end()
  }
  send(7)
  await rounds(both)
  const early = await both[1].call('read', naming([placeholder()], { ...stream(7), flag: true }))
  assert.equal(msgpack.decode(early, { depth: 8, keys: 8 }), 'part 7')
  const late = both[1].call('read', naming([placeholder()], { ...stream(8), flag: true }))
  await rounds(both)
  send(8)
  assert.equal(msgpack.decode(await late, { depth: 8, keys: 8 }), 'part 8')
  await rounds(both)
  assert.equal(streamsOf(both), 0)
})

test('a part without a number of its own is refused', async (t) => {
  const both = sessions(t)
  rpcOf(both[0])
  for (const meta of [undefined, 'one', -1, 1.5, [1], 2 ** 60]) {
    const part = both[1].open('$part', { meta })
    assert.equal((await part.closed)?.code, 'BRAID_INVALID_INPUT')
  }
  const first = both[1].open('$part', { meta: 3 })
  const second = both[1].open('$part', { meta: 3 })
  assert.equal((await second.closed)?.code, 'BRAID_INVALID_INPUT')
  first.reset('CANCELLED')
  await rounds(both)
  assert.equal(streamsOf(both), 0)
})

test('a call whose parts never come is given up with its caller: abort, deadline, end of the session', async (t) => {
  const clock = new ManualClock()
  const both = sessions(t, { clock })
  let ran = 0
  expose(both[0], { read: () => ran++ })
  const aborting = new AbortController()
  const call = (number: number, options: object): Promise<unknown> =>
    both[1].call('read', naming([placeholder(), placeholder()], stream(number), stream(number + 1)), options)
  const aborted = assert.rejects(call(10, { signal: aborting.signal }), code('CANCELLED'))
  const late = assert.rejects(call(20, { timeout: 100 }), code('DEADLINE'))
  const lost = assert.rejects(call(30, {}))
  await rounds(both)
  assert.equal(both[1].stats().callsOpen, 3)
  aborting.abort()
  await aborted
  clock.advance(100)
  await late
  await rounds(both)
  assert.equal(both[1].stats().callsOpen, 1)
  await both[1].close()
  await lost
  assert.equal(ran, 0)
})

test('a value that turns out to be bad after a part was claimed harms no process', async (t) => {
  const both = sessions(t)
  expose(both[0], { read: () => 1 })
  const bytes = naming([placeholder(), /a/], stream(5)).map((byte) => (byte === 0x61 ? 0x28 : byte))
  await assert.rejects(both[1].call('read', bytes), code('INVALID_INPUT'))
  const part = both[1].open('$part', { meta: 6 })
  await rounds(both)
  await assert.rejects(
    both[1].call(
      'read',
      naming([placeholder(), /a/], stream(6)).map((byte) => (byte === 0x61 ? 0x28 : byte)),
    ),
    code('INVALID_INPUT'),
  )
  assert.equal((await part.closed)?.code, 'BRAID_CANCELLED')
  await rounds(both)
  assert.equal(streamsOf(both), 0)
})

test('one number is one thing, however often it is named', async (t) => {
  const both = sessions(t)
  expose(both[0], {
    same: async (one: Stream, two: { nested: Stream }) => [one === two.nested, await collect(one)],
  })
  const remote = wrap(both[1])
  const source = both[1].open('source')
  both[0].handle('source', (other) => {
    other.write(new TextEncoder().encode('whole'))
    other.end()
  })
  assert.deepEqual(await remote.same!(source, { nested: source }), [true, 'whole'])
  const late = both[1].call('same', naming([placeholder(), { nested: placeholder() }], stream(90), stream(90)))
  await rounds(both)
  const part = both[1].open('$part', { meta: 90 })
  part.end()
  assert.deepEqual(msgpack.decode(await late, { depth: 8, keys: 8 }), [true, ''])
  await assert.rejects(
    both[1].call('same', naming([placeholder(), placeholder()], stream(91), { ...stream(91), kind: 'items' })),
    code('INVALID_INPUT'),
  )
})

test('a result whose parts never come is given up with its call', async (t) => {
  const clock = new ManualClock()
  const both = sessions(t, { clock })
  let number = 40
  both[0].handleCall('odd', (_bytes, call) => {
    const answer = call.answer('value')
    answer.write(naming({ part: placeholder() }, stream(number++)))
    answer.end()
    return new Uint8Array(0)
  })
  const aborting = new AbortController()
  const remote = wrap(both[1])
  const aborted = assert.rejects(remote.with({ signal: aborting.signal }).odd!() as Promise<unknown>, code('CANCELLED'))
  const late = assert.rejects(remote.with({ timeout: 50 }).odd!() as Promise<unknown>, code('DEADLINE'))
  const lost = assert.rejects(remote.odd!() as Promise<unknown>)
  await rounds(both)
  aborting.abort()
  clock.advance(50)
  await Promise.all([aborted, late])
  await both[0].close()
  await lost
})

test('parts asked for after the end of the session fail at once', async (t) => {
  const both = sessions(t)
  const { parts } = rpcOf(both[1])
  await both[1].close()
  await assert.rejects(parts.claim(1) as Promise<Stream>, code('CLOSED'))
})

test('while a session drains, what belongs to calls under way is done, and nothing hangs', async (t) => {
  for (const side of [0, 1] as const) {
    const both = sessions(t)
    let go = (): void => {}
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    expose(both[0], {
      async call(fn: () => Promise<unknown>) {
        await gate
        return fn()
      },
      async plain() {
        await gate
        return 'answered'
      },
      async *items() {
        yield 1
        await gate
        yield 2
      },
    })
    const remote = wrap(both[1])
    const calling = remote.call!(() => 1) as Promise<unknown>
    const plain = remote.plain!()
    const items = remote.items!() as unknown as AsyncGenerator
    await items.next()
    const drained = both[side].drain(60_000)
    await rounds(both)
    go()
    assert.equal(await calling, 1)
    assert.equal(await plain, 'answered')
    assert.equal((await items.next()).value, 2)
    assert.equal((await items.next()).done, true)
    assert.deepEqual(await drained, { streams: 0, calls: 0 })
  }
})
