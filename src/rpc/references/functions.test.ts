// Functions in values, from lending one to its end: by the call, by either side, by the session.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { BraidError } from '../../engine/errors.ts'
import { joined } from '../../session/bytes.ts'
import type { Session } from '../../session/session.ts'
import { pair } from '../../testing/pair.ts'
import { rpcOf } from '../call/connect.ts'
import type { RemoteFunction } from '../client.ts'
import { json } from '../codec/json.ts'
import { msgpack } from '../codec/msgpack.ts'
import { hideAll } from '../failure.ts'
import { expose, RpcError, wrap } from '../index.ts'
import { FUNCTIONS_MAX, keep, LentFunctions } from './functions.ts'

type Options = Parameters<typeof pair>[0]

function sessions(t: TestContext, options?: Options, second?: Options): [server: Session, client: Session] {
  const both = second === undefined ? pair(options) : pair(options, second)
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

const lent = (session: Session): number => rpcOf(session).functions.size
const code = (name: string) => (error: unknown) => error instanceof BraidError && error.code === `BRAID_${name}`
type Call = RemoteFunction<unknown[], unknown>

test('a function can be called during its call, and says after it what would help', async (t) => {
  const both = sessions(t)
  let late: Call | undefined
  expose(both[0], {
    async use(fn: Call, depth: { fn: Call }) {
      late = fn
      assert.equal(fn, depth.fn)
      return [await fn(1), await fn(2)]
    },
  })
  const double = (n: number): number => 2 * n
  assert.deepEqual(await wrap(both[1]).use!(double, { fn: double }), [2, 4])
  assert.equal(lent(both[1]), 0)
  await assert.rejects(late!(3), (error) => code('NOT_FOUND')(error) && /keep\(\)/.test((error as Error).message))
  // Nobody need watch it.
  void late!(4)
  await rounds(both)
})

test('a function that is over here is refused there', async (t) => {
  const both = sessions(t)
  rpcOf(both[0])
  rpcOf(both[1])
  for (const bytes of [Uint8Array.of(0, 0, 0, 9), Uint8Array.of(255, 255, 255, 255)]) {
    const refused = (error: unknown): boolean => code('NOT_FOUND')(error) && /its call has ended/.test(`${error}`)
    await assert.rejects(both[1].call('$fn', bytes), refused)
    await both[1].call('$release', bytes)
    await both[1].call('$abort', bytes)
  }
  for (const name of ['$fn', '$release', '$abort']) {
    await assert.rejects(both[1].call(name, new Uint8Array(3)), code('INVALID_INPUT'))
  }
})

test('kept functions last until either side releases them', async (t) => {
  const both = sessions(t)
  const given: Call[] = []
  const heard: unknown[] = []
  const made = keep((n: number) => n + 1)
  expose(both[0], {
    take: (fn: Call) => void given.push(fn),
    make: () => ({ nested: [made, made] }),
    again: () => made,
  })
  const remote = wrap<{ take(fn: unknown): void; make(): { nested: Call[] }; again(): Call }>(both[1])
  const listen = keep((text: unknown) => void heard.push(text))
  await remote.take(listen)
  await remote.take(listen)
  assert.equal(lent(both[1]), 1)
  await given[0]!('one')
  given[0]!.release()
  given[0]!.release()
  await assert.rejects(given[0]!('two'), code('NOT_FOUND'))
  await rounds(both)
  await given[1]!('three')
  listen.release()
  assert.equal(lent(both[1]), 0)
  await assert.rejects(given[1]!('four'), code('NOT_FOUND'))
  assert.deepEqual(heard, ['one', 'three'])

  const { nested } = await remote.make()
  const again = (await remote.again()) as Call
  assert.equal(await nested[0]!(1), 2)
  assert.equal(lent(both[0]), 1)
  nested[0]!.release()
  await rounds(both)
  assert.equal(await again(2), 3)
  again[Symbol.dispose]()
  await rounds(both)
  assert.equal(lent(both[0]), 0)
  assert.equal(rpcOf(both[1]).borrowed, 0)
})

test('a function in a result must be kept', async (t) => {
  const errors: unknown[] = []
  const both = sessions(t)
  expose(both[0], { make: () => ({ fn: () => 1 }) }, { onError: (error) => errors.push(error) })
  await assert.rejects(wrap(both[1]).make!() as Promise<unknown>, code('INTERNAL'))
  assert.match(`${errors[0]}`, /keep\(fn\)/)
  assert.equal(lent(both[0]), 0)
})

test('more functions than the other side may hold are refused, and none of them stays', async (t) => {
  const both = sessions(t)
  expose(both[0], { take: (fns: unknown[]) => fns.length })
  const many = Array.from({ length: FUNCTIONS_MAX }, () => () => 1)
  const remote = wrap(both[1])
  assert.equal(await remote.take!(many), FUNCTIONS_MAX)
  await assert.rejects(remote.take!([...many, () => 1]) as Promise<unknown>, code('EXHAUSTED'))
  assert.equal(lent(both[1]), 0)
  await assert.rejects(remote.take!([() => 1, Symbol.iterator]) as Promise<unknown>, TypeError)
  assert.equal(lent(both[1]), 0)
})

test('what a function throws arrives: meant for the other side, or hidden', async (t) => {
  const both = sessions(t)
  expose(both[0], {
    async run(fn: Call) {
      try {
        return await fn()
      } catch (error) {
        const { code: name, data, message } = error as RpcError
        return { name, data, message }
      }
    },
  })
  const remote = wrap<{ run(fn: unknown): Promise<Record<string, unknown>> }>(both[1])
  const meant = await remote.run(() => {
    throw new RpcError('DENIED', 'no', { data: 5 })
  })
  assert.deepEqual(meant, { name: 'BRAID_DENIED', data: 5, message: 'no' })
  const hidden = await remote.run(async () => {
    throw new Error('secret')
  })
  assert.equal(hidden.name, 'BRAID_INTERNAL')
  assert.doesNotMatch(`${hidden.message}`, /secret/)
})

test('callbacks that answer with items, take callbacks, go home and call themselves', async (t) => {
  const both = sessions(t)
  type Fn = (...values: never[]) => unknown
  expose(both[0], {
    async sum(items: () => AsyncIterable<number>) {
      let sum = 0
      for await (const n of items()) sum += n
      return sum
    },
    hand: (fn: (inner: Fn) => unknown) => fn(((n: number) => n + 1) as Fn),
    home: (fn: Fn, run: (fn: Fn) => unknown) => run(fn),
    async dive(depth: number, deeper: (depth: number) => Promise<number>): Promise<number> {
      return depth === 0 ? 0 : 1 + (await deeper(depth - 1))
    },
    sub: { list: () => [1] },
  })
  const remote = wrap(both[1])
  const count = async function* (): AsyncGenerator<number> {
    for (let n = 1; n <= 1000; n++) yield n
  }
  assert.equal(await remote.sum!(count), 500_500)
  assert.equal(await remote.hand!(async (inner: Call) => ((await inner(1)) as number) * 10), 20)
  const mine = (n: number): number => n * 3
  assert.equal(await remote.home!(mine, (fn: Call) => fn(5)), 15)
  const dive = (depth: number): Promise<number> => remote.dive!(depth, dive) as Promise<number>
  assert.equal(await dive(40), 40)
  await rounds(both)
  assert.deepEqual([lent(both[0]), lent(both[1])], [0, 0])
  assert.equal(both[0].stats().streamsOpen + both[1].stats().streamsOpen, 0)
})

test('functions of items live as long as the iteration, and the same one is lent once', async (t) => {
  const both = sessions(t)
  let calls = 0
  const same = (): number => ++calls
  const kept = keep(same)
  expose(both[0], {
    async *many() {
      for (let n = 0; n < 3000; n++) yield { same }
    },
    async *kept() {
      for (let n = 0; n < 3; n++) yield { kept }
    },
  })
  const remote = wrap<Record<string, () => AsyncGenerator<Record<string, Call>>>>(both[1])
  let last: Call | undefined
  for await (const item of remote.many!()) {
    last ??= item.same!
    assert.equal(last, item.same)
    if (calls < 3) await item.same!()
  }
  assert.equal(calls, 3)
  await assert.rejects(last!(), code('NOT_FOUND'))
  await rounds(both)
  assert.equal(lent(both[0]), 0)
  for await (const item of remote.kept!()) {
    await item.kept!()
    item.kept!.release()
    await rounds(both)
  }
  assert.equal(calls, 6)
  assert.equal(lent(both[0]), 0)
})

test('a call by a function fails when its session ends, and a kept one forgets the session', async (t) => {
  const both = sessions(t)
  let waiting: Promise<unknown> | undefined
  expose(both[0], {
    use: (fn: Call) => {
      waiting = fn()
      return waiting
    },
    hold: () => {},
  })
  const kept = keep(() => 1)
  await wrap(both[1]).hold!(kept)
  const use = wrap(both[1]).use!(() => new Promise(() => {})) as Promise<unknown>
  await rounds(both)
  const used = assert.rejects(use)
  const called = assert.rejects(waiting!)
  await both[1].close()
  await Promise.all([used, called])
  await both[0].closed
  assert.deepEqual([lent(both[0]), lent(both[1])], [0, 0])
  kept.release()
})

test('a function named in two codecs has a number in each, and release ends both', () => {
  const functions = new LentFunctions()
  const kept = keep(() => 1)
  const first = functions.lend(kept, msgpack, hideAll).reference
  const second = functions.lend(kept, json, hideAll).reference
  assert.notEqual(first.number, second.number)
  assert.deepEqual(functions.lend(kept, json, hideAll).reference, second)
  functions.giveBack(second.number, 2)
  assert.throws(() => functions.find(second.number), code('NOT_FOUND'))
  assert.equal(functions.find(first.number).codec, msgpack)
  functions.lend(kept, json, hideAll)
  kept.release()
  assert.equal(functions.size, 0)
  assert.throws(() => keep(1 as never), TypeError)
})

test('a value that is refused after a kept function was read of it leaves no warning behind', async (t) => {
  const both = sessions(t)
  both[0].handleCall('bad', (_bytes, call) => {
    const stream = call.answer('value')
    const writer = { write: () => ({ kind: 'function' as const, number: 5, flag: true }) }
    const bytes = joined(msgpack.encode([() => 1, /a/], writer))
    // Only who compiles the pattern finds out.
    stream.write(bytes.map((byte) => (byte === 0x61 ? 0x28 : byte)))
    stream.end()
    return new Uint8Array(0)
  })
  await assert.rejects(wrap(both[1]).bad!() as Promise<unknown>, code('INVALID_INPUT'))
  assert.equal(rpcOf(both[1]).borrowed, 0)
})
