// Clients: what names they have, what a call gives, options at every level.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import type { Session } from '../session/session.ts'
import { startSession } from '../session/start.ts'
import { ManualClock, pair } from '../testing/pair.ts'
import { memory } from '../transports/memory.ts'
import { expose, type Middleware, manifest, withContext, wrap } from './index.ts'

type Options = Parameters<typeof pair>[0]

function sessions(t: TestContext, options?: Options): [server: Session, client: Session] {
  const both = pair(options)
  t.after(() => both[0].close())
  return both
}

const code = (name: string) => (error: unknown) => error instanceof BraidError && error.code === `BRAID_${name}`

/** A method of an unknown API, of which the types only know that it may be a subtree. */
const call = (method: unknown): unknown => (method as () => unknown)()

const api = {
  a: { b: { c: (n: number) => n + 1, name: () => 'name', length: () => 7 } },
  list: async function* () {
    yield 1
    yield 2
    return 3
  },
  meta: withContext((ctx) => ({ metadata: ctx.metadata, left: ctx.remaining() })),
  refuse: () => {
    throw new BraidError('DENIED', 'no')
  },
}

test('names reach any depth, also those that functions have themselves, and nothing else is there', async (t) => {
  const [server, client] = sessions(t)
  expose(server, api)
  const remote = wrap<typeof api>(client)
  assert.equal(await remote.a.b.c(1), 2)
  assert.equal(await remote.a.b.name(), 'name')
  assert.equal(await remote.a.b.length(), 7)
  assert.equal(remote.a.b, remote.a.b)
  const unknown = wrap(client)
  for (const branch of [unknown, unknown.x!, unknown.x!.y!] as object[]) {
    for (const word of ['then', 'toJSON', 'constructor', Symbol.iterator, Symbol.toPrimitive]) {
      assert.equal((branch as Record<PropertyKey, unknown>)[word], undefined, String(word))
    }
    assert.equal('then' in branch, false)
    assert.equal(Object.isFrozen(branch), true)
    assert.throws(() => Object.assign(branch, { name: 1 }), TypeError)
    assert.equal(await (async () => branch)(), branch)
  }
})

test('with a list of names a client has those and no others', async (t) => {
  const [server, client] = sessions(t)
  expose(server, api)
  const remote = wrap(client, ['a.b.c', 'meta']) as unknown as Record<string, Record<string, Record<string, unknown>>>
  assert.equal(typeof remote.a!.b!.c, 'function')
  assert.deepEqual([remote.b, remote.list, remote.a!.c, remote.a!.b!.d], [undefined, undefined, undefined, undefined])
  for (const wrong of ['', 'a..b', 'then', 'a.then', 'x'.repeat(300)])
    assert.throws(() => wrap(client, [wrong]), TypeError)
})

test('with: at every level, beside what there is', async (t) => {
  const clock = new ManualClock()
  const [server, client] = sessions(t, { clock })
  expose(server, { ...api, deep: { meta: api.meta } })
  const remote = wrap(client)
  const options = { metadata: { k: 'v' }, timeout: 500 }
  const seen = { metadata: { k: 'v' }, left: 500 }
  assert.deepEqual(await remote.with(options).meta!(), seen)
  assert.deepEqual(await remote.with(options).deep!.meta!(), seen)
  assert.deepEqual(await remote.deep!.with(options).meta!(), seen)
  assert.deepEqual(await call(remote.deep!.meta!.with(options)), seen)
  assert.deepEqual(await call(remote.with(options).deep!.meta!.with({ timeout: undefined })), { metadata: { k: 'v' } })
  assert.deepEqual(await remote.deep!.meta!(), { metadata: {} })
  // One for each session, which asks from time to time whether the other is there.
  assert.equal(clock.pending, 2)
})

test('safe answers with errors of calls, and throws those of the programmer', async (t) => {
  const [server, client] = sessions(t)
  expose(server, api)
  const remote = wrap<typeof api>(client)
  assert.deepEqual(await remote.a.b.c.safe(1), { ok: true, value: 2 })
  const refused = await remote.refuse.safe()
  assert.equal(refused.ok, false)
  assert.equal(refused.error?.code, 'BRAID_DENIED')
  await assert.rejects(remote.a.b.c.safe(Symbol.iterator as never), TypeError)
  const items = await remote.list.safe()
  assert.ok(items.ok)
  assert.deepEqual(await items.value.next(), { done: false, value: 1 })
  await items.value.return(0)
})

test('a call can be awaited, iterated, or both; one value cannot be iterated', async (t) => {
  const [server, client] = sessions(t)
  expose(server, api)
  const remote = wrap<typeof api>(client)
  const seen: number[] = []
  for await (const n of remote.list()) seen.push(n)
  const both = remote.list()
  const items = (await (both as unknown as Promise<unknown>)) as AsyncGenerator<number>
  seen.push((await both.next()).value as number, (await items.next()).value)
  assert.deepEqual(seen, [1, 2, 1, 2])
  assert.deepEqual(await both.next(), { done: true, value: 3 })
  const one = remote.a.b.c(1) as unknown as AsyncGenerator
  await assert.rejects(one.next(), TypeError)
  assert.deepEqual(await one.return('x'), { done: true, value: 'x' })
  const refused = remote.refuse() as unknown as AsyncGenerator
  await assert.rejects(refused.next(), code('DENIED'))
  await refused[Symbol.asyncDispose]()
})

test('middleware of the client: the first outermost, also around items, once more for a retry', async (t) => {
  const [server, client] = sessions(t)
  const log: string[] = []
  const named =
    (name: string): Middleware =>
    async (call, next) => {
      call.metadata[name] = call.method
      log.push(`${name}>`)
      try {
        return await next()
      } finally {
        log.push(`<${name}`)
      }
    }
  let failures = 1
  const again: Middleware = async (_call, next) => next().catch(() => next())
  expose(server, {
    ...api,
    fickle: () => {
      if (failures-- > 0) throw new BraidError('REFUSED', 'not now')
      return 'at last'
    },
  })
  const remote = wrap(client, undefined, { use: [named('one'), again, named('two')] })
  assert.deepEqual(((await remote.meta!()) as { metadata: unknown }).metadata, { one: 'meta', two: 'meta' })
  assert.deepEqual(log.splice(0), ['one>', 'two>', '<two', '<one'])
  assert.equal(await remote.fickle!(), 'at last')
  assert.deepEqual(log.splice(0), ['one>', 'two>', '<two', 'two>', '<two', '<one'])
  const seen: unknown[] = []
  for await (const n of remote.list!() as unknown as AsyncIterable<unknown>) seen.push(n)
  assert.deepEqual(seen, [1, 2])
  const broken = wrap(client, undefined, {
    use: [
      () => {
        throw new RangeError('mine')
      },
    ],
  })
  await assert.rejects(broken.meta!() as Promise<unknown>, RangeError)
})

test('what calls use is said by the session: JSON from one side, MessagePack from the other', async (t) => {
  const [server, client] = pair({}, { codec: 'json' })
  t.after(() => server.close())
  const seen: string[] = []
  const both = {
    ...api,
    echo: (value: unknown) => value,
    run: (fn: (value: unknown) => unknown) => fn({ deep: [1n, new Date(3)] }),
    fail: () => {
      throw new BraidError('DENIED', 'a text that is longer than what fits beside the code in a frame: '.repeat(3))
    },
    async *failing() {
      yield new Map([[1, 2]])
      throw new BraidError('NOT_FOUND', 'gone')
    },
  }
  expose(server, both)
  expose(client, both)
  const raw = await client.call('echo', new TextEncoder().encode('[{"a":1}]'))
  seen.push(new TextDecoder().decode(raw))
  assert.deepEqual(seen, ['{"a":1}'])
  for (const session of [client, server]) {
    const remote = wrap<typeof both>(session)
    const value = { n: 5n, when: new Date(9), bytes: Uint8Array.of(1, 2), map: new Map([['k', undefined]]) }
    assert.deepEqual(await remote.echo(value), value)
    assert.deepEqual(await remote.run((given) => ({ given })), { given: { deep: [1n, new Date(3)] } })
    await assert.rejects(remote.fail(), (error) => code('DENIED')(error) && `${error}`.length > 150)
    const failing = remote.failing()
    assert.deepEqual((await failing.next()).value, new Map([[1, 2]]))
    await assert.rejects(failing.next(), code('NOT_FOUND'))
    assert.ok((await manifest(session)).methods.echo)
  }
})

test('a codec nobody knows fails its calls, and no others', async (t) => {
  const [server, client] = pair({}, { codec: 'cuneiform' })
  t.after(() => server.close())
  expose(server, api)
  expose(client, api)
  assert.throws(() => wrap(client), /pass that codec in the option codecs/)
  await assert.rejects(client.call('meta', new Uint8Array(0)), code('UNIMPLEMENTED'))
  assert.equal(await wrap<typeof api>(server).a.b.c(1), 2)
})

/** Two sessions, and how often the second handed something to its transport. */
function counted(t: TestContext): { both: [Session, Session]; flushes: () => number } {
  const [left, right] = memory()
  let flushes = 0
  const send = right.send.bind(right)
  right.send = (chunks) => {
    flushes++
    return send(chunks)
  }
  const both: [Session, Session] = [startSession(left, {}, 'symmetric'), startSession(right, {}, 'symmetric')]
  t.after(() => both[0].close())
  return { both, flushes: () => flushes }
}

test('tell: the method runs, nothing comes back, and calls of one turn leave together', async (t) => {
  const { both, flushes } = counted(t)
  const [server, client] = both
  const heard: unknown[] = []
  const service = {
    note: (...words: unknown[]) => {
      heard.push(...words)
      return new Uint8Array(10_000)
    },
    ask: async (fn: () => Promise<unknown>) => void heard.push(await fn()),
    fail: () => {
      throw new BraidError('DENIED', 'no')
    },
  }
  expose(server, service)
  let seen = ''
  const middleware: Middleware = async (called, next) => {
    seen = called.method
    return next()
  }
  const remote = wrap<typeof service>(client)
  await client.ping()
  const before = { flushes: flushes(), bytes: client.stats().bytesIn }
  const told = Array.from({ length: 50 }, (_, n) => remote.note.tell(n))
  await told[49]
  assert.equal(flushes() - before.flushes, 1)
  assert.equal(heard.length, 50)
  assert.ok(client.stats().bytesIn - before.bytes < 2000)
  assert.equal(await remote.note.tell(new Uint8Array(100_000)), undefined)
  await remote.ask.tell(async () => 'asked')
  assert.equal(heard.at(-1), 'asked')
  await assert.rejects(remote.fail.tell(), code('DENIED'))
  await assert.rejects(remote.note.tell(Symbol.iterator), TypeError)
  void remote.fail.tell()
  const watched = wrap<typeof service>(client, undefined, { use: [middleware] })
  assert.equal(await watched.note.tell(1), undefined)
  assert.equal(seen, 'note')
})

test('what a method answers that was only told is let go', async (t) => {
  const [server, client] = sessions(t)
  let cleaned = 0
  const never = (): Promise<never> => new Promise(() => {})
  const items = {
    [Symbol.asyncIterator]: () => ({ next: never, return: async () => ({ done: true, value: cleaned++ }) }),
  }
  expose(server, { unsent: () => Symbol.iterator, late: async () => items })
  const remote = wrap(client)
  await remote.unsent!.tell()
  await remote.late!.tell()
  await remote.late!.tell(new Uint8Array(100_000))
  for (let n = 0; n < 3; n++) await client.ping()
  assert.equal(cleaned, 2)
  assert.equal(server.stats().streamsOpen + client.stats().streamsOpen, 0)
})
