// What a call leaves behind when it is over, however it ended: nothing. One test for each way something once stayed.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { afterEach, type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { BraidError, type Session, type Stream } from 'braidwire'
import { expose, msgpack, RpcError, wrap } from 'braidwire/rpc'
import { ManualClock, pair } from 'braidwire/test'
import { rpcOf } from '#dist/rpc/call/connect.js'

type Options = Parameters<typeof pair>[0]

/** As few places for streams and calls as a session may have: what is not given back is missed soon. */
const scarce = { maxStreams: 32, maxCalls: 32 } as const
const MORE_THAN_ALL = 40

/** A rejection nobody watches ends the process of whoever uses the library. */
const unwatched: unknown[] = []
process.on('unhandledRejection', (error) => unwatched.push(error))
afterEach(async () => {
  await turns(2)
  assert.deepEqual(unwatched.splice(0), [])
})

function sessions(t: TestContext, options?: Options): [Session, Session] {
  const both = pair(options)
  t.after(() => both[0].close())
  return both
}

async function turns(count = 20): Promise<void> {
  for (let turned = 0; turned < count; turned++) await turn()
}

/** What became of a promise within some turns of the event loop. */
async function soon<Value>(promise: PromiseLike<Value>): Promise<{ value?: Value; error?: unknown }> {
  let result: { value?: Value; error?: unknown } | undefined
  promise.then(
    (value) => {
      result = { value }
    },
    (error: unknown) => {
      result = { error }
    },
  )
  for (let turned = 0; turned < 200 && result === undefined; turned++) await turn()
  assert.ok(result !== undefined, 'it never settles')
  return result
}

const code = (name: string) => (error: unknown) => error instanceof BraidError && error.code === `BRAID_${name}`

/** How many streams each side has for which the other could not open another. */
function streamsOpen(...both: Session[]): number[] {
  return both.map((session) => session.stats().limits.maxStreams?.used ?? Number.NaN)
}

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 0; number < count; number++) yield number
}

function bytesOf(count: number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (let chunk = 0; chunk < count; chunk++) controller.enqueue(new Uint8Array(10).fill(chunk))
      controller.close()
    },
  })
}

async function listOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = []
  for await (const item of items) list.push(item)
  return list
}

async function sizeOf(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  return (await listOf(chunks)).reduce((size, chunk) => size + chunk.length, 0)
}

function failing(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.error(new RpcError('DENIED', 'as told')) })
}

async function* never(): AsyncGenerator<number> {
  await new Promise(() => {})
  yield 0
}

test('a handler that ignores an iterable or a byte stream leaves no stream behind', async (t) => {
  const api = { ignore: (_flow: unknown) => 'done' }
  const [server, client] = sessions(t, scarce)
  expose(server, api)
  const remote = wrap<typeof api>(client)
  for (let round = 0; round < MORE_THAN_ALL; round++) {
    assert.deepEqual(await soon(remote.ignore(numbers(3))), { value: 'done' })
    assert.deepEqual(await soon(remote.ignore(bytesOf(3))), { value: 'done' })
  }
  await turns()
  assert.deepEqual(streamsOpen(server, client), [0, 0])
})

test('what a result makes of a stream of the arguments arrives whole', async (t) => {
  const [server, client] = sessions(t, scarce)
  const api = {
    same: (flow: Stream) => flow,
    within: (flow: AsyncIterable<number>) => ({ flow }),
  }
  expose(server, api)
  const remote = wrap<typeof api>(client)
  for (let round = 0; round < MORE_THAN_ALL; round++) {
    const same = await remote.same(bytesOf(3))
    same.end()
    assert.equal(await sizeOf(same), 30)
    const { flow } = await remote.within(numbers(300))
    assert.equal((await listOf(flow)).length, 300)
  }
  await turns()
  assert.deepEqual(streamsOpen(server, client), [0, 0])
})

test('a call given up while its arguments are on their way frees its slot', async (t) => {
  const api = { hold: (_flows: unknown) => new Promise(() => {}), sum: listOf, echo: (value: unknown) => value }
  const [server, client] = sessions(t, scarce)
  expose(server, api)
  const remote = wrap<typeof api>(client)
  const holder = new AbortController()
  // All places are taken: what comes next cannot be opened.
  void remote.with({ signal: holder.signal }).hold(Array.from({ length: scarce.maxStreams - 1 }, never))
  await turns()
  const filler = client.open('filler')
  for (let round = 0; round < MORE_THAN_ALL; round++) {
    const controller = new AbortController()
    const call = remote.with({ signal: controller.signal }).sum(never())
    await turns(3)
    controller.abort()
    assert.ok(code('CANCELLED')((await soon(call)).error))
  }
  assert.deepEqual(await soon(remote.echo(5)), { value: 5 })
  filler.reset('CANCELLED')
  holder.abort()
  await turns()
  assert.deepEqual(streamsOpen(server, client), [0, 0])
})

test('an item, or a result, that waits for its parts waits no longer than the call', async (t) => {
  const clock = new ManualClock()
  const many = () => Array.from({ length: scarce.maxStreams - 1 }, never)
  const api = {
    async *items() {
      yield many()
    },
    value: many,
  }
  const [server, client] = sessions(t, { ...scarce, clock })
  expose(server, api)
  const remote = wrap<typeof api>(client)
  for (let round = 0; round < 3; round++) {
    const controller = new AbortController()
    // One place less than there are parts.
    const fillers = ['one', 'two'].map((name) => server.open(name))
    await turns(3)
    const items = remote.with({ signal: controller.signal }).items()
    const next = items.next()
    await turns()
    controller.abort()
    assert.ok(code('CANCELLED')((await soon(next)).error))
    await turns()
    const value = remote.with({ timeout: 1000 }).value()
    await turns()
    clock.advance(1000)
    assert.ok(code('DEADLINE')((await soon(value)).error))
    for (const filler of fillers) filler.reset('CANCELLED')
    await turns()
    assert.deepEqual(streamsOpen(server, client), [0, 0])
  }
})

test('a value of more streams than may be open at once is refused instead of waited for', async (t) => {
  const many = () => Array.from({ length: MORE_THAN_ALL }, () => numbers(1))
  const api = {
    count: (flows: unknown[]) => flows.length,
    value: many,
    async *items() {
      yield many()
    },
  }
  const [server, client] = sessions(t, scarce)
  expose(server, api)
  const remote = wrap<typeof api>(client)
  for (let round = 0; round < 3; round++) {
    assert.ok(code('EXHAUSTED')((await soon(remote.count(many()))).error))
    assert.ok(code('EXHAUSTED')((await soon(remote.value())).error))
    assert.ok(code('EXHAUSTED')((await soon(remote.items().next())).error))
  }
  await turns()
  assert.deepEqual(streamsOpen(server, client), [0, 0])
})

test('a part that failed before its value was read fails its reader, and nothing waits', async (t) => {
  const api = {
    async *items() {
      yield 'first'
      yield failing()
    },
  }
  const [server, client] = sessions(t)
  expose(server, api)
  const items = wrap<typeof api>(client).items()
  await items.next()
  await turns()
  const { value } = await soon(items.next())
  assert.ok(code('DENIED')((await soon((value as unknown as { value: Stream }).value.readable())).error))
  await items.return(undefined)
  await turns()
  assert.deepEqual(streamsOpen(server, client), [0, 0])
})

test('a value that turns out bad behind a reference fails its call and nothing else', async (t) => {
  const [server, client] = sessions(t)
  expose(server, { echo: (value: unknown) => value })
  // A list of: a reference to items 5, and a moment of five bytes, which there is none of.
  const bytes = Uint8Array.of(0x92, 0xd5, 18, 5, 0, 0xc7, 5, 0xff, 1, 2, 3, 4, 5)
  assert.ok(code('INVALID_INPUT')((await soon(client.call('echo', bytes))).error))
  await turns()
  assert.equal(await wrap(client).echo?.(1), 1)
})

test('an item that is too large ends the producer, and its consumer learns why', async (t) => {
  let ended = false
  const api = {
    async *items() {
      try {
        yield new Uint8Array(5000)
      } finally {
        ended = true
      }
    },
  }
  const [server, client] = sessions(t, { maxMessage: 1000 })
  expose(server, api, { exposeErrors: true })
  const { error } = await soon(wrap<typeof api>(client).items().next())
  assert.match(String(error), /maxMessage/)
  await turns()
  assert.ok(ended)
  assert.deepEqual(streamsOpen(server, client), [0, 0])
})

test('what flows and is given in two items has a part in each', async (t) => {
  const shared = { same: numbers(5) }
  const api = {
    async *items() {
      yield shared
      yield shared
    },
  }
  const [server, client] = sessions(t)
  expose(server, api)
  const items = wrap<typeof api>(client).items()
  const seen: number[] = []
  for (let item = 0; item < 2; item++) {
    const { value } = await soon(items.next())
    for await (const number of (value as { value: typeof shared }).value.same) seen.push(number)
  }
  assert.deepEqual(seen.sort(), [0, 1, 2, 3, 4])
})

test('an error with a long text arrives with its code, also from an iteration', async (t) => {
  const api = {
    async *items(): AsyncGenerator<number> {
      yield 1
      throw new RpcError('NOT_FOUND', '€'.repeat(4096))
    },
  }
  const [server, client] = sessions(t)
  expose(server, api)
  const items = wrap<typeof api>(client).items()
  await items.next()
  const { error } = await soon(items.next())
  assert.ok(code('NOT_FOUND')(error))
  assert.match(String((error as Error).message), /^€{1000}/)
})

test('an iterable whose return fails ends no process, whoever is gone', async (t) => {
  let answer = (): void => {}
  const failing = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: 1 }),
      return: () => Promise.reject(new Error('as told')),
    }),
  }
  const api = { late: () => new Promise((resolve) => (answer = () => resolve(failing))), now: () => failing }
  const [server, client] = sessions(t)
  expose(server, api)
  const remote = wrap(client)
  const items = remote.now?.() as unknown as AsyncGenerator<number>
  await items.next()
  await items.return(undefined)
  const late = remote.late?.() as Promise<unknown>
  await turns()
  await client.close()
  answer()
  assert.ok(code('CLOSED')((await soon(late)).error))
})

test('metadata is an object of texts, whatever else a body calls so', async (t) => {
  const [server, client] = sessions(t)
  expose(server, { echo: (value: unknown) => value })
  for (const metadata of [new Map([['a', 'b']]), ['a'], new Date(0), new Error('a'), new Uint8Array(3)]) {
    const { error } = await soon(client.call('echo', msgpack.encode({ args: [], metadata })))
    assert.ok(code('INVALID_INPUT')(error), String(metadata))
  }
})

test('a producer that goes on after its end is stopped', async (t) => {
  const [server, client] = sessions(t)
  let told: Stream | undefined
  server.handleCall('items', (_bytes, call) => {
    told = call.answer('items')
    for (let message = 0; message < 3; message++) told.send(Uint8Array.of(1, 0xc0))
    return new Uint8Array(0)
  })
  const items = wrap(client).items?.() as unknown as AsyncGenerator<unknown>
  assert.deepEqual((await soon(items.next())).value, { done: true, value: null })
  await turns()
  assert.ok(code('PROTOCOL')(await (told as Stream).closed))
  assert.deepEqual(streamsOpen(server, client), [0, 0])
})

test('a source that waits is cancelled when nobody reads it any more', async (t) => {
  const api = { leave: (flow: Stream) => flow.reset('CANCELLED'), ignore: (_flow: Stream) => undefined }
  const [server, client] = sessions(t)
  expose(server, api)
  const remote = wrap<typeof api>(client)
  for (const method of [remote.leave, remote.ignore]) {
    let cancelled = false
    const web = new ReadableStream<Uint8Array>({
      pull: () => new Promise(() => {}),
      cancel: () => {
        cancelled = true
      },
    })
    await method(web)
    const node = new Readable({ read: () => {} })
    await method(node)
    const [own, other] = pair()
    other.handle('flow', () => new Promise(() => {}))
    const stream = own.open('flow')
    await method(stream)
    await turns()
    assert.ok(cancelled)
    assert.ok(node.destroyed)
    await assert.rejects(stream.readable(), code('CANCELLED'))
    await own.close()
  }
})

test('a signal that aborts before the arguments have all arrived is found aborted', async (t) => {
  const api = {
    wait: (signal: AbortSignal, _bytes: Uint8Array) =>
      new Promise((resolve) => {
        if (signal.aborted) resolve('aborted')
        signal.addEventListener('abort', () => resolve('aborted'))
      }),
  }
  const [server, client] = sessions(t)
  expose(server, api)
  const controller = new AbortController()
  const call = wrap<typeof api>(client).wait(controller.signal, new Uint8Array(300_000))
  await Promise.resolve()
  controller.abort()
  assert.deepEqual(await soon(call), { value: 'aborted' })
})

test('functions that call each other without end fail, and the session goes on', async (t) => {
  const api = { start: (heard: (next: unknown) => Promise<unknown>) => heard(again()), echo: (value: number) => value }
  const [server, client] = sessions(t, scarce)
  expose(server, api)
  const remote = wrap<typeof api>(client)
  let depth = 0
  const again = () => (next: (inner: unknown) => Promise<unknown>) => {
    depth++
    return next(again())
  }
  for (let round = 0; round < 3; round++) {
    depth = 0
    assert.ok(code('EXHAUSTED')((await soon(remote.start(again() as never))).error))
    assert.ok(depth > 20 && depth < 40, `${depth}`)
  }
  assert.equal(await remote.echo(1), 1)
  await turns()
  assert.deepEqual([rpcOf(server).functions.size, rpcOf(client).functions.size], [0, 0])
})
