// A peer that keeps the rules of the session and breaks those of calls: what it can take is bounded, and only it pays.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { BraidError, type Session, type Stream } from 'braidwire'
import { expose, keep, withContext, wrap } from 'braidwire/rpc'
import { pair } from 'braidwire/test'
import { rpcOf } from '#dist/rpc/call/connect.js'

const scarce = { maxStreams: 32, maxCalls: 32 } as const
const KIB = 1024

function sessions(t: TestContext, options?: Parameters<typeof pair>[0]): [Session, Session] {
  const both = pair(options)
  t.after(() => both[0].close())
  return both
}

async function turns(count = 20): Promise<void> {
  for (let turned = 0; turned < count; turned++) await turn()
}

const code =
  (...names: string[]) =>
  (error: unknown) =>
    error instanceof BraidError && names.includes(error.code.slice('BRAID_'.length))

function used(session: Session, limit: string): number {
  return session.stats().limits[limit]?.used ?? Number.NaN
}

/** A number as calls about references carry it. */
function numbered(number: number, ...more: number[]): Uint8Array {
  return Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number, ...more)
}

/** Nothing of calls is left on this side. */
function isClean(session: Session): void {
  const { functions, signals, parts } = rpcOf(session)
  assert.deepEqual(
    [used(session, 'maxStreams'), used(session, 'maxCalls'), functions.size, signals.size, parts.waiting],
    [0, 0, 0, 0, 0],
  )
}

test('calls given up at once, one-way calls, handlers that ignore aborts: slots stay taken until handlers end', async (t) => {
  const [server, client] = sessions(t, scarce)
  let running = 0
  let most = 0
  let go = (): void => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  const work = async (): Promise<void> => {
    most = Math.max(most, ++running)
    await gate
    running--
  }
  expose(server, { work, echo: (value: unknown) => value })
  server.handleMessage(work)
  const remote = wrap(client)
  for (let call = 0; call < 2000; call++) {
    const controller = new AbortController()
    const promise = remote.with({ signal: controller.signal }).work?.() as Promise<unknown>
    if (call % 50 === 0) await turn()
    controller.abort()
    await assert.rejects(promise, code('CANCELLED'))
    void client.message(new Uint8Array(0)).catch(() => {})
  }
  await turns()
  assert.ok(most <= scarce.maxCalls, `${most} handlers ran at once`)
  go()
  assert.equal(await remote.echo?.(1), 1)
  await turns()
  assert.equal(running, 0)
})

test('parts nobody claims are bounded by the open limit and gone with the session', async (t) => {
  const [server, client] = sessions(t, scarce)
  expose(server, { echo: (value: unknown) => value })
  rpcOf(client)
  const streams = Array.from({ length: 100 }, (_, number) => client.open('$part', { meta: number }))
  for (const stream of streams) stream.write(new Uint8Array(1000))
  await turns()
  assert.equal(used(server, 'maxStreams'), scarce.maxStreams)
  assert.equal(rpcOf(server).parts.waiting, scarce.maxStreams)
  assert.equal(await wrap(client).echo?.(1), 1)
  for (const stream of streams) stream.reset('CANCELLED')
  await turns()
  isClean(server)
  for (let number = 0; number < 10_000; number++) {
    const stream = client.open('$part', { meta: number })
    stream.end()
    stream.reset('CANCELLED')
    if (number % 100 === 0) await turn()
  }
  await turns()
  isClean(server)
  const left = client.open('$part', { meta: 20_000 })
  left.write(new Uint8Array(1))
  await turns()
  await client.close()
  await turns()
  assert.equal(rpcOf(server).parts.waiting, 0)
})

test('parts with a number that is none, or one that is taken, are refused', async (t) => {
  const [server, client] = sessions(t)
  expose(server, { echo: (value: unknown) => value })
  for (const meta of [undefined, null, -1, 1.5, 2 ** 60, 'text', [1], { number: 1 }, new Uint8Array(1)]) {
    const stream = client.open('$part', meta === undefined ? {} : { meta })
    assert.ok(code('INVALID_INPUT')(await stream.closed), String(meta))
  }
  const first = client.open('$part', { meta: 7 })
  const second = client.open('$part', { meta: 7 })
  assert.ok(code('INVALID_INPUT')(await second.closed))
  first.reset('CANCELLED')
  await turns()
  isClean(server)
})

test('a value that names the same part twice, or parts that never come, costs its own call', async (t) => {
  const [server, client] = sessions(t, scarce)
  let ran = 0
  expose(server, { take: () => ++ran, echo: (value: unknown) => value })
  rpcOf(client)
  // Both a stream and items of number 5, then one that nobody opens.
  const twice = Uint8Array.of(0x93, 0xd5, 16, 5, 0, 0xd5, 18, 5, 0, 0xd5, 16, 6, 0)
  const controllers = Array.from({ length: scarce.maxCalls }, () => new AbortController())
  const calls = controllers.map(({ signal }) => client.call('take', twice, { signal }))
  const part = client.open('$part', { meta: 5 })
  await turns()
  for (const controller of controllers) controller.abort()
  for (const call of calls) await assert.rejects(call, code('INVALID_INPUT', 'CANCELLED'))
  assert.equal(await wrap(client).echo?.(1), 1)
  part.reset('CANCELLED')
  await turns()
  assert.equal(ran, 0)
  isClean(server)
})

test('calls about references with garbage for a number fail alone or change nothing', async (t) => {
  const [server, client] = sessions(t)
  let told = 0
  let listener: ((n: number) => Promise<unknown>) | undefined
  expose(server, {
    subscribe: (heard: typeof listener) => {
      listener = heard
    },
    echo: (value: unknown) => value,
  })
  const kept = keep(() => ++told)
  await wrap(client).subscribe?.(kept)
  for (const method of ['$fn', '$release', '$abort']) {
    for (const bytes of [new Uint8Array(0), Uint8Array.of(1), Uint8Array.of(0, 0, 1)]) {
      await assert.rejects(server.call(method, bytes), code('INVALID_INPUT'), method)
    }
  }
  for (const bytes of [numbered(0xffffffff), numbered(77, 0xc1), numbered(5, ...Array(1000).fill(0x91))]) {
    await assert.rejects(server.call('$fn', bytes), code('NOT_FOUND'))
    await server.call('$release', bytes)
    await server.call('$abort', bytes)
  }
  await assert.rejects(server.call('$fn', numbered(0, 0xc1)), code('INVALID_INPUT'))
  for (let number = 100; number < 5000; number++) void server.call('$abort', numbered(number))
  await turns()
  assert.equal(await listener?.(1), 1)
  assert.equal(await wrap(client).echo?.(1), 1)
  // Releasing what one was given is one's right; doing it twice changes nothing more.
  await server.call('$release', numbered(0))
  await server.call('$release', numbered(0))
  await assert.rejects(Promise.resolve(listener?.(1)), code('NOT_FOUND'))
  await turns()
  isClean(client)
})

test('grants of 2^32-1, and grants without end, end that iteration', async (t) => {
  const [server, client] = sessions(t)
  let ended = 0
  expose(server, {
    async *endless() {
      try {
        for (;;) yield 1
      } finally {
        ended++
      }
    },
  })
  let stream: Stream | undefined
  const ask = async (): Promise<Stream> => {
    await client.call('endless', new Uint8Array(0), { takeStream: (given) => (stream = given) })
    return stream as Stream
  }
  for (const grants of [numbered(0xffffffff), new Uint8Array(60_000).fill(255)]) {
    const items = await ask()
    items.write(grants)
    assert.ok(code('INVALID_INPUT', 'INTERNAL')(await items.closed), String(await items.closed))
  }
  // Half a grant, then the end of the half: nobody wants more.
  const items = await ask()
  items.write(Uint8Array.of(0, 0))
  items.end()
  assert.ok(code('CANCELLED')(await items.closed))
  await turns()
  assert.equal(ended, 3)
  isClean(server)
})

test('a producer that breaks the rules fails its iteration: no tag, no end, an end without end, items beyond limits', async (t) => {
  const [server, client] = sessions(t, { maxMessage: 10_000 })
  const answers: Readonly<Record<string, (stream: Stream) => void>> = {
    'an empty message': (stream) => stream.send(new Uint8Array(0)),
    'an unknown tag': (stream) => stream.send(Uint8Array.of(9, 0xc0)),
    'no end': (stream) => stream.end(),
    'an item that is no value': (stream) => stream.send(Uint8Array.of(0, 0xc1)),
    'bytes without a message': (stream) => {
      stream.write(Uint8Array.of(0, 0xc0))
      stream.end()
    },
    'an item without an end': (stream) => {
      for (let piece = 0; piece < 100; piece++) stream.write(new Uint8Array(1000))
    },
    'an error that is none': (stream) => {
      stream.send(Uint8Array.of(2, 0xc1))
      stream.end()
    },
  }
  for (const [name, answer] of Object.entries(answers)) {
    const off = server.handleCall('items', (_bytes, call) => {
      answer(call.answer('items'))
      return new Uint8Array(0)
    })
    const items = wrap(client).items?.() as unknown as AsyncGenerator<unknown>
    await assert.rejects(items.next(), BraidError, name)
    assert.equal((await items.next()).done, true, name)
    off()
    await turns(5)
    isClean(client)
  }
})

test('a producer that ignores grants is held by bytes', async (t) => {
  const [server, client] = sessions(t)
  server.handleCall('items', (_bytes, call) => {
    const stream = call.answer('items')
    for (let item = 0; item < 100_000; item++) stream.send(Uint8Array.of(0, 0xc0))
    return new Uint8Array(0)
  })
  const items = wrap(client).items?.() as unknown as AsyncGenerator<unknown>
  await items.next()
  await turns()
  assert.ok(used(client, 'sessionWindow') <= 128 * KIB)
  await items.return(undefined)
  await turns()
  isClean(client)
})

test('a thousand signals, and functions beyond the limit', async (t) => {
  const [server, client] = sessions(t)
  const held: unknown[] = []
  expose(server, {
    wait: withContext(async (_ctx, signals: AbortSignal[]) => {
      await Promise.all(signals.map((signal) => new Promise((resolve) => signal.addEventListener('abort', resolve))))
      return signals.length
    }),
    hold: (given: unknown) => {
      held.push(given)
    },
  })
  const remote = wrap(client)
  const controllers = Array.from({ length: 1000 }, () => new AbortController())
  const call = remote.wait?.(controllers.map(({ signal }) => signal)) as Promise<unknown>
  await turns()
  for (const controller of controllers) controller.abort()
  assert.equal(await call, 1000)
  await assert.rejects(
    Promise.resolve(remote.wait?.(Array.from({ length: 2000 }, () => new AbortController().signal))),
    code('EXHAUSTED'),
  )
  const kept = Array.from({ length: 1024 }, () => keep(() => 1))
  await remote.hold?.(kept)
  await assert.rejects(Promise.resolve(remote.hold?.(keep(() => 1))), code('EXHAUSTED'))
  await assert.rejects(Promise.resolve(remote.hold?.(() => 1)), code('EXHAUSTED'))
  for (const one of kept) one.release()
  await remote.hold?.(() => 1)
  await turns()
  isClean(server)
  isClean(client)
})

test('a handler that is given ten thousand references of numbers nobody knows keeps none of them', async (t) => {
  const [server, client] = sessions(t)
  expose(server, { take: (list: unknown[]) => list.length })
  const kept = Array.from({ length: 9000 }, (_, n) => [0xc7, 3, 19, 1 + (n >> 8), n & 255, n & 1]).flat()
  const list = Uint8Array.of(0x91, 0xdc, 9000 >> 8, 9000 & 255, ...kept)
  for (let round = 0; round < 3; round++) {
    await assert.rejects(client.call('take', list), code('EXHAUSTED'))
  }
  await turns()
  isClean(server)
})
