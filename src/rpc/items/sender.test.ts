// Items end to end: what holds a producer up, what stops it, and that its `finally` runs whatever becomes of the consumer.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { BraidError } from '../../engine/errors.ts'
import type { Session } from '../../session/session.ts'
import { ManualClock, pair } from '../../testing/pair.ts'
import { RpcError } from '../failure.ts'
import { expose, withContext, wrap } from '../index.ts'

type Options = Parameters<typeof pair>[0]

function sessions(t: TestContext, options?: Options): [server: Session, client: Session] {
  const both = pair(options)
  t.after(() => both[0].close())
  return both
}

/** Lets everything settle that needs no more than messages to and fro. */
async function rounds({ 0: server, 1: client }: readonly [Session, Session]): Promise<void> {
  for (let n = 0; n < 4; n++) {
    await client.ping()
    await server.ping()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

const code = (name: string) => (error: unknown) => (error as BraidError).code === `BRAID_${name}`
const forever = (): Promise<never> => new Promise(() => {})

/** A producer that counts without end, and tells what became of it. */
class Counter {
  given = 0
  cleaned = 0
  async *count(size = 0): AsyncGenerator<unknown, string> {
    try {
      for (;;) yield size === 0 ? this.given++ : new Uint8Array(size).fill(this.given++)
    } finally {
      this.cleaned++
    }
  }
  async *wait(): AsyncGenerator<number> {
    try {
      yield 1
      await forever()
    } finally {
      this.cleaned++
    }
  }
}

test('a consumer that stops pulling holds the producer up, by items and by bytes', async (t) => {
  const both = sessions(t)
  const counter = new Counter()
  expose(both[0], { count: (size: number) => counter.count(size) })
  const remote = wrap(both[1])
  const small = (await remote.count!(0)) as AsyncGenerator<number>
  await rounds(both)
  assert.equal(counter.given, 256)
  for (let n = 0; n < 128; n++) assert.deepEqual(await small.next(), { done: false, value: n })
  await rounds(both)
  assert.equal(counter.given, 256 + 128)
  await small.return(undefined)
  await rounds(both)
  assert.equal(counter.cleaned, 1)
  counter.given = 0
  const large = (await remote.count!(100_000)) as AsyncGenerator<Uint8Array>
  await rounds(both)
  assert.ok(counter.given < 30, `${counter.given} of 100 kB`)
  const held = counter.given
  await large.next()
  await large.next()
  await large.next()
  await rounds(both)
  assert.ok(counter.given > held)
  await large.return(undefined)
  await rounds(both)
  assert.equal(counter.cleaned, 2)
  assert.equal(both[0].stats().streamsOpen + both[1].stats().streamsOpen, 0)
})

test('leaving a loop, and throwing in it, stops the producer', async (t) => {
  const both = sessions(t)
  const counter = new Counter()
  expose(both[0], { count: () => counter.count() })
  const remote = wrap<{ count(): AsyncGenerator<number, string> }>(both[1])
  for await (const n of remote.count()) if (n === 3) break
  await assert.rejects(async () => {
    for await (const n of remote.count()) if (n >= 0) throw new RangeError('enough')
  }, RangeError)
  await rounds(both)
  assert.equal(counter.cleaned, 2)
  assert.equal(both[0].stats().streamsOpen + both[1].stats().streamsOpen, 0)
})

test('return and throw before the first item, before the answer, and while one is awaited', async (t) => {
  const both = sessions(t)
  const counter = new Counter()
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const count = async (): Promise<AsyncGenerator> => {
    await gate
    const items = counter.count()
    await items.next()
    return items
  }
  expose(both[0], { count, wait: () => counter.wait() })
  const remote = wrap<{ count(): AsyncGenerator<number, string>; wait(): AsyncGenerator<number> }>(both[1])
  const early = remote.count()
  const awaited = early.next()
  assert.deepEqual(await early.return('left'), { done: true, value: 'left' })
  assert.deepEqual(await early.next(), { done: true, value: undefined })
  const thrown = remote.count()
  await assert.rejects(thrown.throw(new RangeError('no')), RangeError)
  const disposed = remote.count()
  await disposed[Symbol.asyncDispose]()
  open()
  assert.equal((await awaited).done, true)
  await rounds(both)
  assert.equal(counter.cleaned, 3)
  const waiting = await remote.wait()[Symbol.asyncIterator]()
  assert.equal((await waiting.next()).value, 1)
  const never = waiting.next()
  await waiting.return(undefined)
  assert.deepEqual(await never, { done: true, value: undefined })
  await rounds(both)
  assert.equal(both[0].stats().streamsOpen + both[1].stats().streamsOpen, 0)
})

/** Producers that end in different ways. */
const endings = {
  async *whole() {
    yield 1
    return 'sum'
  },
  async *meant() {
    yield 1
    throw new RpcError('EXHAUSTED', 'no more', { name: 'Empty', data: { left: 0 } })
  },
  async *hidden() {
    yield 1
    throw new Error('secret')
  },
  async *long() {
    yield 1
    throw new RpcError('DENIED', '\u4e2d'.repeat(5000))
  },
  async *odd() {
    yield 1
    yield Symbol.iterator
  },
}

test('the end carries a value, errors their data, and others their log id', async (t) => {
  const seen: unknown[] = []
  const both = sessions(t)
  expose(both[0], endings, { onError: (error, _method, id) => seen.push(error, id) })
  const remote = wrap<Record<string, () => AsyncGenerator<unknown, unknown>>>(both[1])
  const whole = remote.whole!()
  assert.deepEqual(
    [await whole.next(), await whole.next(), await whole.next()],
    [
      { done: false, value: 1 },
      { done: true, value: 'sum' },
      { done: true, value: undefined },
    ],
  )
  const fails = async (name: string): Promise<RpcError> => {
    const items = remote[name]!()
    await items.next()
    const error = await items.next().then(
      () => assert.fail('no error'),
      (thrown: unknown) => thrown as RpcError,
    )
    assert.deepEqual(await items.next(), { done: true, value: undefined })
    return error
  }
  const meant = await fails('meant')
  assert.ok(meant instanceof RpcError)
  assert.deepEqual([meant.name, meant.code, meant.data], ['Empty', 'BRAID_EXHAUSTED', { left: 0 }])
  const hidden = await fails('hidden')
  assert.equal(hidden.code, 'BRAID_INTERNAL')
  assert.doesNotMatch(hidden.message, /secret/)
  assert.equal((seen[0] as Error).message, 'secret')
  assert.ok(hidden.message.includes(seen[1] as string))
  assert.equal((await fails('long')).code, 'BRAID_DENIED')
  assert.equal((await fails('odd')).code, 'BRAID_INTERNAL')
  await rounds(both)
  assert.equal(both[0].stats().streamsOpen + both[1].stats().streamsOpen, 0)
})

test('an item that cannot travel, or is too large, stops its producer', async (t) => {
  const both = sessions(t, { maxMessage: 1000 })
  let cleaned = 0
  async function* of(item: unknown): AsyncGenerator {
    try {
      yield item
    } finally {
      cleaned++
    }
  }
  expose(both[0], { odd: () => of(Symbol.iterator), large: () => of('x'.repeat(2000)) })
  const remote = wrap<Record<string, () => AsyncGenerator>>(both[1])
  await assert.rejects(remote.odd!().next(), code('INTERNAL'))
  await assert.rejects(remote.large!().next(), code('INTERNAL'))
  await rounds(both)
  assert.equal(cleaned, 2)
  assert.equal(both[0].stats().streamsOpen, 0)
})

test('abort and timeout: before sending, in flight, during the loop, after its end', async (t) => {
  const clock = new ManualClock()
  const both = sessions(t, { clock })
  const counter = new Counter()
  const aborted: unknown[] = []
  expose(both[0], {
    wait: withContext((ctx) => {
      ctx.signal.addEventListener('abort', () => aborted.push((ctx.signal.reason as BraidError).code))
      return counter.wait()
    }),
    never: forever,
    async *two() {
      yield 1
      return 2
    },
  })
  type Items = () => AsyncGenerator<number, number>
  const remote = wrap<{ wait: Items; never: Items; two: Items }>(both[1])
  const aborting = new AbortController()
  const { signal } = aborting
  const before = remote.with({ signal: AbortSignal.abort() }).two()
  await assert.rejects(before.next(), code('CANCELLED'))
  const unanswered = remote.with({ signal }).never().next()
  const looping = remote.with({ signal }).wait()
  assert.equal((await looping.next()).value, 1)
  const ended = remote.with({ signal }).two()
  for await (const n of ended) assert.equal(n, 1)
  await rounds(both)
  const next = looping.next()
  aborting.abort('why')
  await assert.rejects(unanswered, code('CANCELLED'))
  await assert.rejects(next, code('CANCELLED'))
  await rounds(both)
  assert.deepEqual(aborted, ['BRAID_CANCELLED'])

  const late = remote.with({ timeout: 1000 }).wait()
  assert.equal((await late.next()).value, 1)
  const silent = remote.with({ timeout: 1000 }).never().next()
  const over = remote.with({ timeout: 1000 }).two()
  for await (const n of over) assert.equal(n, 1)
  const unread = await remote.with({ timeout: 1000 }).two()
  await rounds(both)
  clock.advance(1000)
  await assert.rejects(late.next(), code('DEADLINE'))
  await assert.rejects(silent, code('DEADLINE'))
  await assert.rejects(unread.next(), code('DEADLINE'))
  await rounds(both)
  assert.equal(aborted.length, 2)
  assert.equal(both[0].stats().streamsOpen + both[1].stats().streamsOpen, 0)
})

test('a session that closes ends every producer and every loop', async (t) => {
  for (const side of [0, 1] as const) {
    const both = sessions(t)
    const counter = new Counter()
    expose(both[0], {
      count: () => counter.count(),
      wait: () => counter.wait(),
      async take(items: AsyncIterable<unknown>) {
        const all: unknown[] = []
        try {
          for await (const item of items) {
            all.push(item)
            await both[0].ping()
          }
        } finally {
          counter.cleaned++
        }
        return all.length
      },
    })
    const remote = wrap(both[1])
    const held = (await remote.count!()) as AsyncGenerator
    const waiting = (await remote.wait!()) as AsyncGenerator
    await waiting.next()
    const next = waiting.next()
    const argument = new Counter()
    const taking = remote.take!(argument.count(10_000))
    const quiet = remote.take!(argument.wait())
    await rounds(both)
    const failed = assert.rejects(next)
    await both[side].close()
    await failed
    await assert.rejects(taking as Promise<unknown>)
    await assert.rejects(quiet as Promise<unknown>)
    await assert.rejects(async () => {
      for await (const _ of held);
    })
    for (let n = 0; n < 20; n++) await Promise.resolve()
    // The one that waits for what never comes cannot be helped.
    assert.equal(counter.cleaned, 3)
    assert.equal(argument.cleaned, 1)
  }
})

test('items both ways at once, and a handler that takes few of them', async (t) => {
  const both = sessions(t)
  expose(both[0], {
    async *double(numbers: AsyncIterable<number>) {
      for await (const n of numbers) yield 2 * n
      return 'all'
    },
    async first(numbers: AsyncIterable<number>) {
      for await (const n of numbers) return n
      return -1
    },
  })
  const remote = wrap<{
    double(numbers: AsyncIterable<number>): AsyncGenerator<number, string>
    first(numbers: AsyncIterable<number>): Promise<number>
  }>(both[1])
  async function* some(): AsyncGenerator<number> {
    for (let n = 0; n < 1000; n++) yield n
  }
  let sum = 0
  for await (const n of remote.double(some())) sum += n
  assert.equal(sum, 999_000)
  const counter = new Counter()
  assert.equal(await remote.first(counter.count() as AsyncGenerator<number>), 0)
  for await (const n of remote.double(counter.count() as AsyncGenerator<number>)) if (n > 10) break
  const failing = remote.double(
    (async function* () {
      yield 1
      throw new RpcError('DENIED', 'mine')
    })(),
  )
  await failing.next()
  await assert.rejects(failing.next(), code('DENIED'))
  await rounds(both)
  assert.equal(counter.cleaned, 2)
  assert.equal(both[0].stats().streamsOpen + both[1].stats().streamsOpen, 0)
})

test('an iteration given up before its answer was made is not begun, and one made late is left', async (t) => {
  const both = sessions(t)
  const counter = new Counter()
  let open = (): void => {}
  expose(both[0], {
    late: async () => {
      await new Promise<void>((resolve) => {
        open = resolve
      })
      const items = counter.count()
      await items.next()
      return items
    },
    rude: async () => {
      await Promise.resolve()
      return {
        [Symbol.asyncIterator]: () => ({ next: forever, return: () => Promise.reject(new Error('no')) }),
      }
    },
  })
  const aborting = new AbortController()
  const remote = wrap(both[1]).with({ signal: aborting.signal })
  const call = remote.late!() as Promise<unknown>
  await rounds(both)
  aborting.abort()
  await assert.rejects(call, code('CANCELLED'))
  await rounds(both)
  open()
  await rounds(both)
  assert.equal(counter.cleaned, 1)
  const rude = (await wrap(both[1]).rude!()) as AsyncGenerator
  await rude.return(undefined)
  await rounds(both)
  assert.equal(both[0].stats().streamsOpen + both[1].stats().streamsOpen, 0)
})
