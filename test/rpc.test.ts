// Typed calls end to end, over two sessions in memory.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { BraidError, type Session } from 'braidwire'
import { blobSource, bytesSink, fetchFile, listFiles, sendFile } from 'braidwire/file'
import { sha256 } from 'braidwire/node'
import { expose, RpcError, withContext, wrap } from 'braidwire/rpc'
import { pair } from 'braidwire/test'

type Options = Parameters<typeof pair>[0]

/** Server and client, closed when the test is over. */
function sessions(t: TestContext, options?: Options): [Session, Session] {
  const both = pair(options)
  t.after(() => both[0].close())
  return both
}

/** A promise and what settles it. */
function deferred<Value>(): {
  promise: Promise<Value>
  resolve: (value: Value) => void
  reject: (error: unknown) => void
} {
  let resolve: (value: Value) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

const code = (name: string) => (error: unknown) => error instanceof BraidError && error.code === `BRAID_${name}`

test('calls of plain functions come back with their results', async (t) => {
  const api = {
    add: (a: number, b: number) => a + b,
    later: async (text: string) => text.toUpperCase(),
    echo: (...values: unknown[]) => values,
    nothing: () => {},
    count: (...values: unknown[]) => values.length,
  }
  const [server, client] = sessions(t)
  expose(server, api)
  const remote = wrap<typeof api>(client)
  assert.equal(await remote.add(1, 2), 3)
  assert.equal(await remote.later('abc'), 'ABC')
  assert.equal(await remote.nothing(), undefined)
  assert.equal(await remote.count(undefined, undefined), 2)
  const values = [undefined, null, 5n, new Date(7), Uint8Array.of(8), { nested: [undefined] }]
  assert.deepEqual(await remote.echo(...values), values)
})

test('both sides call each other, also from inside a handler', async (t) => {
  const [a, b] = sessions(t)
  const left = { double: async (n: number): Promise<number> => 2 * (await wrap<typeof right>(a).next(n)) }
  const right = { next: (n: number) => n + 1 }
  expose(a, left)
  expose(b, right)
  assert.equal(await wrap<typeof left>(b).double(4), 10)
})

test('methods of a class instance keep their this', async (t) => {
  class Counter {
    #count = 0
    increment(by: number): number {
      this.#count += by
      return this.#count
    }
  }
  const [server, client] = sessions(t)
  expose(server, new Counter())
  const remote = wrap<Counter>(client, ['increment'])
  await remote.increment(2)
  assert.equal(await remote.increment(3), 5)
})

test('an unknown method is refused at once, with the name that may have been meant', async (t) => {
  const [server, client] = sessions(t)
  expose(server, { readFile: () => 1, writeFile: () => 2 })
  await assert.rejects(wrap(client).readFlie!(), (error: BraidError) => {
    assert.equal(error.code, 'BRAID_UNIMPLEMENTED')
    assert.equal(error.executed, 'no')
    assert.match(error.message, /readFlie/)
    assert.match(error.message, /did you mean "?readFile"?\?/i)
    return true
  })
  await assert.rejects(wrap(client).somethingElse!(), (error: BraidError) => !/did you mean/i.test(error.message))
})

test('what every object has cannot be called, whoever asks', async (t) => {
  const [server, client] = sessions(t)
  expose(server, { read: () => 1, size: 3 })
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'then', 'size', 'call', '']) {
    await assert.rejects(client.call(name, new Uint8Array(0)), code('UNIMPLEMENTED'), name)
  }
})

test('a client is no promise, no JSON and has no symbols', async (t) => {
  const [, client] = sessions(t)
  for (const remote of [wrap(client), wrap(client, ['read'])] as Record<PropertyKey, unknown>[]) {
    for (const name of [
      'then',
      'toJSON',
      'constructor',
      'toString',
      Symbol.iterator,
      Symbol.toPrimitive,
      Symbol.toStringTag,
    ]) {
      assert.equal(remote[name], undefined)
    }
    assert.equal(await remote, remote)
    assert.equal(remote.read, remote.read)
    assert.throws(() => {
      remote.write = 1
    }, TypeError)
  }
  assert.throws(() => wrap(client, ['then']), TypeError)
})

test('errors meant for the caller arrive with name, code, message and data', async (t) => {
  const api = {
    buy(item: string) {
      throw new RpcError('EXHAUSTED', `no ${item} left`, { name: 'SoldOut', data: { item } })
    },
    async enter() {
      throw new BraidError('DENIED', 'members only')
    },
  }
  const [server, client] = sessions(t)
  expose(server, api)
  const remote = wrap<typeof api>(client)
  await assert.rejects(remote.buy('tea'), {
    name: 'SoldOut',
    code: 'BRAID_EXHAUSTED',
    message: 'no tea left',
    data: { item: 'tea' },
    scope: 'call',
    initiator: 'remote',
  })
  await assert.rejects(remote.enter(), { name: 'BraidError', code: 'BRAID_DENIED', message: 'members only' })
})

test('other errors arrive as INTERNAL without their text, which onError gets', async (t) => {
  const [server, client] = sessions(t)
  const seen: unknown[] = []
  const api = {
    broken() {
      throw new Error('the password is 1234')
    },
    odd: () => Promise.reject('the password is 1234'),
    unsendable: () => Symbol('1234'),
  }
  expose(server, api, { onError: (error, method) => seen.push([method, String(error)]) })
  const remote = wrap<typeof api>(client)
  for (const call of [remote.broken, remote.odd, remote.unsendable]) {
    await assert.rejects(call(), (error: BraidError) => {
      assert.equal(error.code, 'BRAID_INTERNAL')
      assert.doesNotMatch(error.message + String(error.stack), /1234|Symbol/)
      return true
    })
  }
  assert.deepEqual(
    seen.map((entry) => (entry as string[])[0]),
    ['broken', 'odd', 'unsendable'],
  )
})

test('exposeErrors shows other errors too', async (t) => {
  const api = {
    broken() {
      throw Object.assign(new RangeError('too far'), { data: 5 })
    },
  }
  const [server, client] = sessions(t)
  expose(server, api, { exposeErrors: true })
  await assert.rejects(wrap<typeof api>(client).broken(), {
    name: 'RangeError',
    code: 'BRAID_INTERNAL',
    message: 'too far',
    data: 5,
  })
})

test('a bad body fails that call only', async (t) => {
  const [server, client] = sessions(t)
  let runs = 0
  const api = { add: (a: number, b: number) => a + b + 0 * ++runs }
  expose(server, api)
  for (const body of [[0xc1], [0x80], [0xdd, 0x7f, 0xff, 0xff, 0xff], new Array(500).fill(0x91), [0x92, 1]]) {
    await assert.rejects(client.call('add', Uint8Array.from(body as number[])), code('INVALID_INPUT'))
  }
  assert.equal(runs, 0)
  assert.equal(await wrap<typeof api>(client).add(1, 2), 3)
})

test('a bad result fails that call only', async (t) => {
  const [server, client] = sessions(t)
  server.handleCall('bad', () => Uint8Array.of(0xc1))
  server.handleCall('good', () => Uint8Array.of(7))
  const remote = wrap(client, ['bad', 'good'])
  await assert.rejects(remote.bad(), code('INVALID_INPUT'))
  assert.equal(await remote.good(), 7)
})

test('limits of values are options of either side', async (t) => {
  const api = { keys: (value: object) => Object.keys(value).length, make: (n: number) => object(n) }
  const object = (size: number): object => Object.fromEntries(Array.from({ length: size }, (_, at) => [`k${at}`, at]))
  const [server, client] = sessions(t)
  expose(server, api, { limits: { keys: 20 } })
  const remote = wrap<typeof api>(client, ['keys', 'make'], { limits: { keys: 30 } })
  assert.equal(await remote.keys(object(20)), 20)
  await assert.rejects(remote.keys(object(21)), code('INVALID_INPUT'))
  assert.deepEqual(await remote.make(30), object(30))
  await assert.rejects(remote.make(31), code('INVALID_INPUT'))
  assert.throws(() => wrap(client, ['keys'], { limits: { depth: 0 } }), RangeError)
  assert.throws(() => expose(server, api, { limits: { keys: -1 } }), RangeError)
})

test('an argument that cannot travel rejects with a TypeError and sends nothing', async (t) => {
  let runs = 0
  const [server, client] = sessions(t)
  expose(server, { run: () => ++runs })
  await assert.rejects(wrap(client, ['run']).run(Symbol('no')), TypeError)
  assert.equal(await wrap(client, ['run']).run(), 1)
})

test('bodies larger than a frame travel both ways', async (t) => {
  const api = {
    flip: (bytes: Uint8Array) => bytes.map((byte) => 255 - byte),
    size: (bytes: Uint8Array) => bytes.length,
  }
  const [server, client] = sessions(t)
  expose(server, api)
  const remote = wrap<typeof api>(client)
  const bytes = new Uint8Array(500_000).map((_, at) => at % 251)
  assert.deepEqual(
    await remote.flip(bytes),
    bytes.map((byte) => 255 - byte),
  )
  assert.equal(await remote.size(bytes), 500_000)
})

test('the context tells principal, session, method and time left', async (t) => {
  const [server, client] = sessions(t, { authorize: () => ({ user: 'ann' }) })
  const api = {
    whoami: withContext((ctx, greeting: string) => {
      assert.equal(ctx.session, server)
      return `${greeting} ${(ctx.principal as { user: string }).user} in ${ctx.method}`
    }),
    left: withContext((ctx) => ctx.remaining()),
  }
  expose(server, api)
  const remote = wrap<typeof api>(client)
  assert.equal(await remote.whoami('hi'), 'hi ann in whoami')
  assert.equal(await remote.left(), undefined)
  const left = await remote.with({ timeout: 5000 }).left()
  assert.ok(left !== undefined && left > 0 && left <= 5000)
  assert.throws(() => api.left(), TypeError)
})

test('an abort before the call sends nothing, one in flight reaches the handler', async (t) => {
  const [server, client] = sessions(t)
  const started = deferred<AbortSignal>()
  const aborted = deferred<void>()
  let runs = 0
  const api = {
    wait: withContext(async (ctx) => {
      runs++
      started.resolve(ctx.signal)
      await new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve(), { once: true }))
      aborted.resolve()
    }),
  }
  expose(server, api)
  const remote = wrap<typeof api>(client)
  await assert.rejects(remote.with({ signal: AbortSignal.abort() }).wait(), (error: BraidError) => {
    return error.code === 'BRAID_CANCELLED' && error.executed === 'no'
  })
  const controller = new AbortController()
  const pending = remote.with({ signal: controller.signal }).wait()
  assert.equal((await started.promise).aborted, false)
  controller.abort()
  await assert.rejects(pending, code('CANCELLED'))
  await aborted.promise
  assert.equal(runs, 1)
})

test('a call whose time is up rejects with DEADLINE and aborts the handler', async (t) => {
  const [server, client] = sessions(t)
  const aborted = deferred<void>()
  const api = {
    wait: withContext((ctx) => new Promise<void>(() => ctx.signal.addEventListener('abort', () => aborted.resolve()))),
  }
  expose(server, api)
  await assert.rejects(wrap<typeof api>(client).with({ timeout: 20 }).wait(), code('DEADLINE'))
  await aborted.promise
})

test('calls in flight reject when the session ends', async (t) => {
  const [server, client] = sessions(t)
  const started = deferred<void>()
  const api = {
    wait: () => {
      started.resolve()
      return new Promise<void>(() => {})
    },
  }
  expose(server, api)
  const remote = wrap<typeof api>(client)
  const pending = Promise.allSettled([remote.wait(), remote.wait()])
  await started.promise
  await server.close()
  for (const result of await pending) assert.equal(result.status, 'rejected')
  await assert.rejects(remote.wait(), BraidError)
})

test('expose takes back what it gave, and gives nothing when a name is taken', async (t) => {
  const [server, client] = sessions(t)
  server.handleCall('taken', () => new Uint8Array(0))
  assert.throws(() => expose(server, { free: () => 1, taken: () => 2 }), TypeError)
  const off = expose(server, { free: () => 3, other: () => 4 })
  assert.equal(await wrap(client, ['free']).free(), 3)
  off()
  await assert.rejects(wrap(client, ['free']).free(), code('UNIMPLEMENTED'))
  expose(server, { free: () => 5 })
  assert.equal(await wrap(client, ['free']).free(), 5)
})

test('a call nobody watches harms no process when it fails, nor does a loop or a transfer', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => {
    unhandled.push(reason)
  }
  process.on('unhandledRejection', note)
  const [a, b] = pair()
  const remote = wrap(a)
  remote.nobody?.(1)
  remote.nobody?.(() => {})
  const stream = a.open('x')
  const loop = stream[Symbol.asyncIterator]()
  loop.next()
  fetchFile(a, 'x', bytesSink(sha256()))
  listFiles(a, 'x')
  sendFile(b.open('y'), blobSource(new Blob(['z']), sha256()))
  await a.close('INTERNAL')
  loop.next()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', note)
  assert.deepEqual(unhandled, [])
})
