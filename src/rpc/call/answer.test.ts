// One call with one value, from both sides: when it ends early, when it is odd, and what its references are left with.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { BraidError } from '../../engine/errors.ts'
import type { Session } from '../../session/session.ts'
import type { Stream } from '../../session/stream.ts'
import { ManualClock, pair } from '../../testing/pair.ts'
import { msgpack } from '../codec/msgpack.ts'
import { expose, keep, withContext, wrap } from '../index.ts'
import { rpcOf } from './connect.ts'

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

test('abort and timeout: before sending, in flight, after the end', async (t) => {
  const clock = new ManualClock()
  const both = sessions(t, { clock })
  const reasons: string[] = []
  let ran = 0
  expose(both[0], {
    never: withContext((ctx) => {
      ctx.signal.addEventListener('abort', () => reasons.push((ctx.signal.reason as BraidError).code))
      return new Promise(() => {})
    }),
    count: () => ++ran,
  })
  const remote = wrap(both[1])
  const before = remote.with({ signal: AbortSignal.abort('why') }).count!() as Promise<unknown>
  await assert.rejects(before, (error) => code('CANCELLED')(error) && (error as BraidError).executed === 'no')
  const aborting = new AbortController()
  const { signal } = aborting
  assert.equal(await remote.with({ signal, timeout: 10 }).count!(), 1)
  const flying = remote.with({ signal }).never!() as Promise<unknown>
  const late = remote.with({ timeout: 10 }).never!() as Promise<unknown>
  await rounds(both)
  aborting.abort('enough')
  await assert.rejects(flying, (error) => code('CANCELLED')(error) && (error as BraidError).cause === 'enough')
  clock.advance(10)
  await assert.rejects(late, code('DEADLINE'))
  await rounds(both)
  assert.deepEqual(reasons.sort(), ['BRAID_CANCELLED', 'BRAID_DEADLINE'])
  // One for each session, which asks from time to time whether the other is there.
  assert.equal(clock.pending, 2)
  assert.equal(ran, 1)
})

test('a result with references survives the abort of its call, once it has arrived', async (t) => {
  const both = sessions(t)
  let release = (): void => {}
  async function* items(): AsyncGenerator<number> {
    yield 1
    await new Promise<void>((resolve) => {
      release = resolve
    })
    yield 2
  }
  expose(both[0], { get: () => ({ items: items(), fn: keep((n: number) => n + 1) }) })
  const aborting = new AbortController()
  type Got = { items: AsyncGenerator<number>; fn: ((n: number) => Promise<number>) & { release(): void } }
  const got = (await wrap(both[1]).with({ signal: aborting.signal }).get!()) as Got
  assert.equal((await got.items.next()).value, 1)
  aborting.abort()
  await rounds(both)
  release()
  assert.equal((await got.items.next()).value, 2)
  assert.equal((await got.items.next()).done, true)
  assert.equal(await got.fn(1), 2)
  got.fn.release()
  await rounds(both)
  assert.equal(streamsOf(both), 0)
  assert.equal(rpcOf(both[0]).functions.size, 0)
})

test('a result given up on its way takes back what it held', async (t) => {
  const both = sessions(t)
  let answer = (_: unknown): void => {}
  let cleaned = 0
  const items = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<IteratorResult<number>>(() => {}),
      return: async () => ({ done: true as const, value: cleaned++ }),
    }),
  }
  expose(both[0], {
    get: () =>
      new Promise((resolve) => {
        answer = resolve
      }),
  })
  const aborting = new AbortController()
  const call = wrap(both[1]).with({ signal: aborting.signal }).get!() as Promise<unknown>
  await rounds(both)
  aborting.abort()
  await assert.rejects(call, code('CANCELLED'))
  answer({ items, fn: keep(() => 1) })
  await rounds(both)
  assert.equal(cleaned, 1)
  assert.equal(rpcOf(both[0]).functions.size, 0)
  const odd = wrap(both[1], undefined, { limits: { keys: 1 } }).get!() as Promise<unknown>
  await rounds(both)
  answer({ items, more: { than: { one: 1, key: 2 } } })
  await assert.rejects(odd, code('INVALID_INPUT'))
  await rounds(both)
  assert.equal(cleaned, 2)
  assert.equal(streamsOf(both), 0)
})

test('answers no honest side makes fail their call and leave the session', async (t) => {
  const both = sessions(t)
  let answer: (stream: Stream) => void = () => {}
  both[0].handleCall('odd', (_bytes, call) => {
    answer(call.answer('value'))
    return new Uint8Array(0)
  })
  const remote = wrap(both[1])
  const odd = async (how: (stream: Stream) => void): Promise<unknown> => {
    answer = how
    return remote.odd!()
  }
  await assert.rejects(
    odd((stream) => {
      stream.write(Uint8Array.of(0xc1))
      stream.end()
    }),
    code('INVALID_INPUT'),
  )
  await assert.rejects(
    odd((stream) => setImmediate(() => stream.reset('DENIED', 'changed my mind'))),
    code('DENIED'),
  )
  await assert.rejects(
    odd((stream) => {
      for (let n = 0; n < 17; n++) stream.write(new Uint8Array(1024 * 1024))
    }),
    code('EXHAUSTED'),
  )
  await rounds(both)
  assert.equal(both[1].stats().streamsOpen, 0)
  assert.equal(both[1].state, 'ready')
})

test('bodies that are no list of arguments are refused', async (t) => {
  const both = sessions(t)
  expose(both[0], { echo: (...values: unknown[]) => values })
  const wrong = [
    5,
    { args: 5 },
    { args: [], metadata: 1 },
    { args: [], metadata: { k: 1 } },
    { args: [], metadata: { k: 'x'.repeat(9000) } },
    { args: [], metadata: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`k${n}`, ''])) },
    Array(1001).fill(0),
  ]
  for (const body of wrong) {
    await assert.rejects(
      both[1].call('echo', msgpack.encode(body)),
      code('INVALID_INPUT'),
      JSON.stringify(body).slice(0, 50),
    )
  }
  assert.deepEqual(await wrap(both[1]).echo!(...Array(1000).fill(0)), Array(1000).fill(0))
})

test('a session that only waits for promises is answered by one', async (t) => {
  const both = sessions(t)
  const answering: Promise<unknown>[] = []
  expose(wrapped(both[0], answering), { late: async () => 5, wrong: async () => Promise.reject(new RangeError('no')) })
  const remote = wrap(both[1])
  assert.equal(await remote.late!(), 5)
  await assert.rejects(remote.wrong!() as Promise<unknown>, code('INTERNAL'))
  assert.deepEqual(
    (await Promise.allSettled(answering)).map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
})

/** A session in front of another, whose calls show their handlers no more than what is documented. */
function wrapped(session: Session, answering: Promise<unknown>[]): Session {
  const handleCall: Session['handleCall'] = (pattern, handler) =>
    session.handleCall(pattern, (bytes, { method, oneWay, signal, answer }) => {
      const context = { session, method, oneWay, signal, answer, remaining: () => undefined }
      const result = handler(bytes, context)
      if (result instanceof Promise) answering.push(result)
      return result
    })
  return new Proxy(session, { get: (target, name) => (name === 'handleCall' ? handleCall : Reflect.get(target, name)) })
}
