// Values made to hurt whoever reads them, in both codecs: an error for that call alone, little work, and a session that goes on.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { BraidError } from 'braidwire'
import { expose, json, manifest, msgpack, withContext, wrap } from 'braidwire/rpc'
import { pair } from 'braidwire/test'
import { rpcOf } from '#dist/rpc/call/connect.js'

const bounds = { depth: 64, keys: 10_000 }
/** No assertion of speed: an honest machine needs a fraction of it, an exponential or quadratic reader never ends within it. */
const GENEROUS_MS = 1000

const repeat = (part: readonly number[], count: number, end: readonly number[] = []): Uint8Array =>
  Uint8Array.from([...Array.from({ length: count }, () => part).flat(), ...end])
const text = (value: string): Uint8Array => new TextEncoder().encode(value)
/** The key an object must not have a function under. */
const then = 'then'
const most = [0xff, 0xff, 0xff, 0xff]

/** `[value]` of MessagePack, as arguments. */
const args = (...value: number[]): Uint8Array => Uint8Array.of(0x91, ...value)

const packed: Readonly<Record<string, Uint8Array>> = {
  'arrays 200,000 deep': repeat([0x91], 200_000, [0xc0]),
  'objects 200,000 deep': repeat([0x81, 0xa1, 0x61], 200_000, [0xc0]),
  'maps within maps': repeat([0xc7, 3, 2, 0x92, 0xc0], 10_000, [0xc0]),
  'an array of 2^32-1': args(0xdd, ...most),
  'an object of 2^32-1': args(0xdf, ...most),
  'bytes of 2^32-1': args(0xc6, ...most),
  'a text of 2^32-1': args(0xdb, ...most),
  'an extension of 2^32-1': args(0xc9, ...most, 2),
  '60,000 empty objects': Uint8Array.of(0xdc, 0xea, 0x60, ...repeat([0x80], 60_000)),
  '60,000 empty arrays': Uint8Array.of(0x91, 0xdc, 0xea, 0x60, ...repeat([0x90], 60_000)),
  '60,000 byte arrays': Uint8Array.of(0x91, 0xdc, 0xea, 0x60, ...repeat([0xc4, 0], 60_000)),
  '20,000 keys': Uint8Array.of(0x91, 0xde, 0x4e, 0x20, ...repeat([0xa1, 0x61, 0xc0], 20_000)),
  __proto__: args(0x81, 0xa9, ...text('__proto__'), 0x81, 0xa1, 0x78, 1),
  'a function under then': args(0x81, 0xa4, ...text('then'), 0xd5, 19, 0, 0),
  'an integer of 2^64-1': args(0xcf, ...most, ...most),
  'a bigint of 2,000 bytes': args(0xc8, 7, 0xd0, 1, ...repeat([1], 2000)),
  'an attachment of 2^53': args(0xc7, 8, 17, 0, 0x1f, ...repeat([0xff], 6)),
  'a pattern of 60,000 characters': args(0xc8, 0xea, 0x61, 6, 0x2f, ...repeat([0x61], 60_000)),
  'an unknown extension': args(0xd4, 42, 0),
  'a reference with a bad flag': args(0xd5, 19, 0, 9),
  'a function under then, its t too long': args(0x81, 0xa5, 0xc1, 0xb4, ...text('hen'), 0xd5, 19, 0, 0),
  'a function under then, all of it too long': args(
    ...[
      0x81,
      0xb0,
      ...[...'then'].flatMap((char) => [
        0xf0,
        0x80,
        0x80 + (char.charCodeAt(0) >> 6),
        0x80 + (char.charCodeAt(0) & 63),
      ]),
    ],
    ...[0xd5, 19, 0, 0],
  ),
  '__proto__, too long': args(0x81, 0xaa, 0xc1, 0x9f, ...text('_proto__'), 0x81, 0xa1, 0x78, 1),
  'more after the value': Uint8Array.of(0x90, 0x90),
  'no list': Uint8Array.of(0xc0),
  'arguments in an object, not a list': Uint8Array.of(0x81, 0xa4, ...text('args'), 0xc0),
  '1,001 arguments': Uint8Array.of(0xdc, 3, 0xe9, ...repeat([0xc0], 1001)),
}

const written: Readonly<Record<string, Uint8Array>> = {
  'arrays 200,000 deep': text('['.repeat(200_000) + ']'.repeat(200_000)),
  'objects 200,000 deep': text(`${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`),
  'arrays without end': text('['.repeat(60_000)),
  '60,000 empty objects': text(`[${Array(60_000).fill('{}').join()}]`),
  '60,000 empty arrays': text(`[[${Array(60_000).fill('[]').join()}]]`),
  '20,000 keys': text(`[{${Array.from({ length: 20_000 }, (_, n) => `"${n}":1`).join()}}]`),
  __proto__: text('[{"__proto__":{"x":1}}]'),
  '__proto__, escaped': text('[{"\\u005f_proto__":{"x":1}}]'),
  '__proto__ within a form': text('[{"$":["object",{"__proto__":{"x":1}}]}]'),
  'a function under then': text('[{"then":{"$":["function",0]}}]'),
  'a function under then, escaped': text('[{"\\u0074hen":{"$":["function",0]}}]'),
  '1e999': text('[1e999]'),
  'a bigint of 100,000 digits': text(`[{"$":["bigint","${'9'.repeat(100_000)}"]}]`),
  'a pattern of 60,000 characters': text(`[{"$":["regexp","${'a'.repeat(60_000)}"]}]`),
  'an unknown form': text('[{"$":["constructor"]}]'),
  'a form that is none': text('[{"$":1}]'),
  'forms in forms': text(`[${'{"$":["set",['.repeat(5000)}1${']]}'.repeat(5000)}]`),
  'a reference of number 2^60': text('[{"$":["function",1152921504606846976]}]'),
  'a reference of number -1': text('[{"$":["items",-1]}]'),
  'not UTF-8': Uint8Array.of(0x5b, 0x22, 0xff, 0x22, 0x5d),
  'no JSON': text('[,]'),
  'more after the value': text('[][]'),
  'no list': text('{}'),
}

for (const [codec, bombs] of [
  [msgpack, packed],
  [json, written],
] as const) {
  test(`${codec.name}: a bomb fails its call alone`, async (t) => {
    const { ran, client, server } = sides(t, codec.name)
    const remote = wrap(client)
    for (const [name, bytes] of Object.entries(bombs)) {
      const start = performance.now()
      await assert.rejects(
        client.call('take', bytes),
        (error) => error instanceof BraidError && error.code === 'BRAID_INVALID_INPUT',
        name,
      )
      assert.ok(performance.now() - start < GENEROUS_MS, `${name} takes long`)
      assert.equal(ran.length, 0, `${name} reached the method`)
      assert.equal(await remote.take?.('still here'), 1)
      ran.length = 0
    }
    assert.equal(({} as { x?: unknown }).x, undefined)
    const { functions, signals, parts } = rpcOf(server)
    assert.deepEqual([functions.size, signals.size, parts.waiting], [0, 0, 0])
  })

  test(`${codec.name}: a bomb as a result fails its call alone`, async (t) => {
    const { client, server } = sides(t, codec.name)
    for (const [name, bytes] of Object.entries(bombs)) {
      if (/list|arguments/.test(name)) continue
      const off = server.handleCall('bomb', () => bytes)
      await assert.rejects(
        Promise.resolve(wrap(client).bomb?.()),
        (error) => error instanceof BraidError && error.code === 'BRAID_INVALID_INPUT',
        name,
      )
      off()
    }
    assert.equal(await wrap(client).take?.(1), 1)
  })

  test(`${codec.name}: names every object has are data like others`, async (t) => {
    const { client } = sides(t, codec.name)
    const value = {
      constructor: { prototype: { x: 1 } },
      toString: 1,
      valueOf: null,
      hasOwnProperty: 'a',
      [then]: 'text',
    }
    const back = (await wrap(client).echo?.(value)) as typeof value
    assert.deepEqual(back, value)
    assert.deepEqual(Object.keys(back), Object.keys(value))
    assert.equal(({} as { x?: unknown }).x, undefined)
  })
}

test('what refers to itself is refused where it is sent', async (t) => {
  const { client, ran } = sides(t, '')
  const cycle: Record<string, unknown> = { a: [] }
  ;(cycle.a as unknown[]).push(new Map([['again', cycle]]))
  await assert.rejects(Promise.resolve(wrap(client).take?.(cycle)), TypeError)
  await assert.rejects(
    Promise.resolve(wrap(client).take?.({ [then]: () => {} })),
    (error) => error instanceof TypeError || error instanceof BraidError,
  )
  assert.equal(ran.length, 0)
})

test('metadata is bounded, and is texts', async (t) => {
  const [server, client] = pair()
  t.after(() => server.close())
  let runs = 0
  expose(server, { meta: withContext((ctx) => ++runs && Object.keys(ctx.metadata).length) })
  const bad: unknown[] = [
    Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`key${n}`, ''])),
    { long: 'x'.repeat(9000) },
    { ['k'.repeat(9000)]: '' },
    { number: 1 },
    { nested: { deep: 'text' } },
    new Map([['a', 'b']]),
    ['a'],
    new Date(0),
    null,
    'text',
  ]
  for (const metadata of bad) {
    await assert.rejects(
      client.call('meta', msgpack.encode({ args: [], metadata })),
      (error) => error instanceof BraidError && error.code === 'BRAID_INVALID_INPUT',
    )
  }
  assert.equal(runs, 0)
  assert.equal(
    await wrap(client)
      .with({ metadata: { a: 'b' } })
      .meta?.(),
    1,
  )
})

test('a manifest of a huge API arrives as far as the limits of its reader go', async (t) => {
  const [server, client] = pair()
  t.after(() => server.close())
  expose(server, Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`method${n}`, () => n])))
  await assert.rejects(manifest(client), (error) => error instanceof BraidError && /limit keys/.test(error.message))
  const told = await manifest(client, { limits: { keys: 20_000 } })
  assert.ok(Object.keys(told.methods).length > 1000)
  assert.equal(await wrap(client).method4999?.(), 4999)
})

test('an error full of data costs its caller no more than the data', async (t) => {
  const [server, client] = pair()
  t.after(() => server.close())
  for (const details of Object.values(packed)) {
    const off = server.handleCall('fail', () => {
      throw new BraidError('DENIED', 'as told', { scope: 'call', details })
    })
    await assert.rejects(
      Promise.resolve(wrap(client).fail?.()),
      (error) => error instanceof BraidError && error.code === 'BRAID_DENIED',
    )
    off()
  }
  await turn()
  assert.deepEqual(msgpack.decode(await server.ping().then(() => Uint8Array.of(0xc0)), bounds), null)
})

/** A server that counts what reaches its methods, and a client whose calls are in that codec. */
function sides(t: TestContext, codec: string) {
  const ran: unknown[] = []
  const [server, client] = pair({ codec })
  t.after(() => server.close())
  expose(server, { take: (...values: unknown[]) => ran.push(values), echo: (value: unknown) => value })
  return { ran, server, client }
}
