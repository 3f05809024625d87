// A gateway of two sessions: what a call is made of goes through, and so does its end.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import type { Session } from '../session/session.ts'
import { ManualClock, pair } from '../testing/pair.ts'
import { rpcOf } from './call/connect.ts'
import type { RemoteFunction } from './client.ts'
import { expose, forward, keep, RpcError, withContext, wrap } from './index.ts'

interface Hops {
  readonly clock: ManualClock
  readonly store: Session
  readonly gateway: Session
  readonly front: Session
  readonly client: Session
}

/** A store, a gateway to it mounted as `store`, and a client of the gateway. */
function hops(t: TestContext, api: object): Hops {
  const clock = new ManualClock()
  const [store, gateway] = pair({ clock })
  const [front, client] = pair({ clock })
  expose(store, api)
  expose(front, { store: forward(gateway), own: () => 'own' })
  t.after(() => Promise.all([store.close(), front.close()]))
  return { clock, store, gateway, front, client }
}

async function rounds({ gateway, client }: Hops): Promise<void> {
  for (let n = 0; n < 6; n++) {
    await client.ping()
    await gateway.ping()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

const streamsOf = ({ store, gateway, front, client }: Hops): number =>
  [store, gateway, front, client].reduce((sum, session) => sum + session.stats().streamsOpen, 0)
const code = (name: string) => (error: unknown) => error instanceof BraidError && error.code === `BRAID_${name}`

test('calls, metadata and errors go through', async (t) => {
  const all = hops(t, {
    files: { read: (name: string) => `contents of ${name}` },
    who: withContext((ctx) => [ctx.method, ctx.metadata]),
    fail: () => {
      throw new RpcError('DENIED', 'not you', { name: 'Denied', data: { by: 'store' } })
    },
    hidden: () => {
      throw new Error('secret')
    },
  })
  type Api = { own(): string; store: { files: { read(name: string): string }; [name: string]: unknown } }
  const remote = wrap<Api>(all.client)
  assert.equal(await remote.own(), 'own')
  assert.equal(await remote.store.files.read('a'), 'contents of a')
  const store = wrap(all.client).store!
  assert.deepEqual(await store.with({ metadata: { trace: 'x' } }).who!(), ['who', { trace: 'x' }])
  await assert.rejects(store.fail!() as Promise<unknown>, (error) => {
    assert.ok(error instanceof RpcError)
    assert.deepEqual([error.code, error.name, error.data], ['BRAID_DENIED', 'Denied', { by: 'store' }])
    return true
  })
  await assert.rejects(store.hidden!() as Promise<unknown>, code('INTERNAL'))
  await assert.rejects(store.files!.raed!() as Promise<unknown>, (error) => {
    return code('UNIMPLEMENTED')(error) && /did you mean "files.read"/.test(`${error}`)
  })
  all.store.handleMessage(() => assert.fail('nobody may send messages through the gateway'))
  for (const name of ['$message', '$fn', '$release', 'files.$fn'])
    await assert.rejects(all.client.call(`store.${name}`, new Uint8Array(0)), code('UNIMPLEMENTED'))
  assert.ok((await all.client.call('store.$manifest', new Uint8Array(0))).length > 0)
  await assert.rejects(wrap(all.client).store!() as Promise<unknown>, code('UNIMPLEMENTED'))
})

test('the deadline shrinks on its way, and cancelling travels', async (t) => {
  const left: (number | undefined)[] = []
  const aborted: unknown[] = []
  const all = hops(t, {
    left: withContext((ctx) => void left.push(ctx.remaining())),
    never: withContext((ctx) => {
      ctx.signal.addEventListener('abort', () => aborted.push((ctx.signal.reason as BraidError).code))
      return new Promise(() => {})
    }),
  })
  const store = wrap(all.client).store!
  await store.with({ timeout: 1000 }).left!()
  await store.left!()
  assert.deepEqual(left, [1000, undefined])
  const late = assert.rejects(store.with({ timeout: 1000 }).never!() as Promise<unknown>, code('DEADLINE'))
  const aborting = new AbortController()
  const given = assert.rejects(store.with({ signal: aborting.signal }).never!() as Promise<unknown>, code('CANCELLED'))
  await rounds(all)
  aborting.abort()
  await given
  await rounds(all)
  assert.deepEqual(aborted, ['BRAID_CANCELLED'])
  all.clock.advance(1000)
  await late
  await rounds(all)
  assert.equal(aborted.length, 2)
})

test('items, callbacks and kept functions go through, and what ends on one side ends on the other', async (t) => {
  let cleaned = 0
  const all = hops(t, {
    async *count() {
      try {
        for (let n = 0; ; n++) yield n
      } finally {
        cleaned++
      }
    },
    async *some() {
      yield { n: 1 }
      return 'end'
    },
    async sum(items: AsyncIterable<number>) {
      let sum = 0
      for await (const n of items) sum += n
      return sum
    },
    map: (list: number[], fn: RemoteFunction<[number], number>) => Promise.all(list.map((n) => fn(n))),
    make: () => keep((n: number) => n * 2),
  })
  const store = wrap<{
    store: {
      count(): AsyncGenerator<number>
      some(): AsyncGenerator<unknown, string>
      sum(items: AsyncIterable<number>): Promise<number>
      map(list: number[], fn: (n: number) => number): Promise<number[]>
    }
  }>(all.client).store
  for await (const n of store.count()) if (n === 600) break
  const some = store.some()
  assert.deepEqual(await some.next(), { done: false, value: { n: 1 } })
  assert.deepEqual(await some.next(), { done: true, value: 'end' })
  async function* numbers(): AsyncGenerator<number> {
    for (let n = 1; n <= 1000; n++) yield n
  }
  assert.equal(await store.sum(numbers()), 500_500)
  assert.deepEqual(await store.map([1, 2], (n) => n + 1), [2, 3])
  await rounds(all)
  assert.equal(cleaned, 1)
  assert.equal(streamsOf(all), 0)
  for (const session of [all.store, all.gateway, all.front, all.client]) assert.equal(rpcOf(session).functions.size, 0)
  const held = store.count()
  await held.next()
  await all.client.close()
  await assert.rejects(async () => {
    for await (const _ of held);
  })
  for (let n = 0; n < 4; n++) await all.gateway.ping()
  assert.equal(cleaned, 2)
})

test('a kept function of the store can be called through the gateway, and given back', async (t) => {
  const all = hops(t, { make: () => keep((n: number) => n * 2) })
  const double = (await wrap(all.client).store!.make!()) as RemoteFunction<[number], number>
  assert.equal(await double(4), 8)
  double.release()
  await rounds(all)
  assert.equal(rpcOf(all.store).functions.size + rpcOf(all.front).functions.size, 0)
  await wrap(all.client).store!.make!()
  assert.equal(rpcOf(all.store).functions.size, 1)
  await all.client.close()
  await rounds({ ...all, client: all.gateway })
  assert.equal(rpcOf(all.store).functions.size, 0)
})
