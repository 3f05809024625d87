// What every codec that strangers may speak has in common: all types come back equal, and hostile bodies cost nothing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BraidError } from '../../engine/errors.ts'
import { joined } from '../../session/bytes.ts'
import { codecNamed } from './choose.ts'
import type { Codec, Reference, ReferenceReader, ReferenceWriter } from './codec.ts'
import { json } from './json.ts'
import { defaultBounds as bounds } from './limits.ts'
import { msgpack } from './msgpack.ts'

const refused = { name: 'BraidError', code: 'BRAID_INVALID_INPUT', scope: 'call' }
const codecs = [msgpack, json]
const roundTrip = (codec: Codec, value: unknown): unknown => codec.decode(joined(codec.encode(value)), bounds)

/** An error as data that can be compared. */
const told = (error: unknown): unknown => {
  const { name, message, code, data, cause } = error as Error & { code?: unknown; data?: unknown }
  return {
    class: Object.getPrototypeOf(error).constructor.name,
    name,
    message,
    code,
    data: plain(data),
    cause: plain(cause),
  }
}

/** The value as it must arrive: ordinary prototypes, errors as what can be compared of them. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from(value, plain)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [plain(key), plain(item)]))
  if (value instanceof Set) return new Set([...value].map(plain))
  if (value instanceof Error) return { told: told(value) }
  if (value instanceof URL) return { url: value.href }
  if (value instanceof ArrayBuffer || value instanceof Date || value instanceof RegExp) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

const kinds = [
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
]
const byteArrays = fc
  .tuple(fc.nat(kinds.length + 1), fc.uint8Array({ maxLength: 40 }), fc.constantFrom(1, 1, 1, 700))
  .map(([kind, some, times]) => {
    const length = Math.floor((some.length * times) / 8) * 8
    const buffer = new Uint8Array(length).map((_, at) => some[at % some.length]!).buffer
    if (kind === kinds.length) return buffer
    return kind > kinds.length ? new DataView(buffer) : new kinds[kind]!(buffer)
  })
const scalar = fc.oneof(
  fc.constant(undefined),
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double().map((number) => number + 0),
  fc.bigInt(),
  fc.string({ unit: 'grapheme' }),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 300 }),
  fc.uint8Array({ minLength: 4097, maxLength: 4200 }),
  byteArrays,
  fc.webUrl().map((text) => new URL(text)),
  fc.constantFrom(/a/, /[/]\/\//giu, /(?<name>x)+/s, /(?:)/),
)
const errorNames = fc.constantFrom('Error', 'TypeError', 'RangeError', 'AbortError', 'constructor', '__proto__', '')
const { value: anyValue } = fc.letrec<{ value: unknown; key: string }>((tie) => ({
  key: fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom('$', 'then', 'constructor', 'toJSON', 'length') },
    { weight: 4, arbitrary: fc.string().filter((key) => key !== '__proto__') },
  ),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 8 }),
    fc.dictionary(
      tie('key') as fc.Arbitrary<string>,
      tie('value').filter((item) => item !== undefined),
      { maxKeys: 8 },
    ),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 6 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 6 }).map((items) => new Set(items)),
    fc
      .tuple(
        errorNames,
        fc.string(),
        fc.constantFrom(undefined, 'ENOENT', 8, 'BRAID_DENIED'),
        tie('value'),
        tie('value'),
      )
      .map(([name, message, code, data, cause]) =>
        Object.assign(new Error(message, { cause }), { name }, code === undefined ? {} : { code }, { data }),
      ),
  ),
}))

/** What is equal up to the class an error comes back as, which the tests below state. */
function withoutClasses(value: unknown): unknown {
  return JSON.parse(JSON.stringify(plain(value), (key, item) => (key === 'class' ? undefined : jsonOf(item))) ?? 'null')
}
function jsonOf(item: unknown): unknown {
  if (typeof item === 'bigint') return `${item}n`
  if (item === undefined) return 'undefined'
  if (typeof item === 'number' && !Number.isFinite(item)) return String(item)
  if (item instanceof Map) return ['map', ...item]
  if (item instanceof Set) return ['set', ...item]
  if (item instanceof RegExp) return String(item)
  if (item instanceof ArrayBuffer) return ['buffer', ...new Uint8Array(item)]
  if (ArrayBuffer.isView(item))
    return [Object.prototype.toString.call(item), ...new Uint8Array(item.buffer, item.byteOffset, item.byteLength)]
  return item
}

for (const codec of codecs) {
  test(`${codec.name}: any nesting of all types comes back equal`, () => {
    fc.assert(
      fc.property(anyValue, (sent) => {
        assert.deepEqual(withoutClasses(roundTrip(codec, sent)), withoutClasses(sent))
      }),
      { numRuns: 100 },
    )
  })

  test(`${codec.name}: types keep their class, also where large and unaligned`, () => {
    for (const kind of kinds) {
      for (const bytes of [0, 8, 4096, 4104]) {
        const sent = new kind(new Uint8Array(bytes).fill(1).buffer)
        assert.deepEqual(roundTrip(codec, ['x', sent, undefined, sent]), ['x', sent, undefined, sent])
      }
    }
    const view = new DataView(Uint8Array.of(9, 1, 2, 9).buffer, 1, 2)
    assert.deepEqual(roundTrip(codec, view), new DataView(Uint8Array.of(1, 2).buffer))
    assert.deepEqual(roundTrip(codec, new Uint8Array(9000).buffer), new Uint8Array(9000).buffer)
    assert.deepEqual(roundTrip(codec, Buffer.from('hi')), Uint8Array.of(104, 105))
  })

  test(`${codec.name}: errors keep name, message, code, data and cause, never the stack`, () => {
    const sent = new RangeError('far', { cause: Object.assign(new Error('x'), { name: 'Odd', code: 'ENOENT' }) })
    const came = roundTrip(codec, sent) as Error
    assert.ok(came instanceof RangeError && Object.keys(came).length === 0)
    assert.equal(came.stack, 'RangeError: far')
    const cause = came.cause as Error & { code: string }
    assert.deepEqual([cause.constructor, cause.name, cause.message, cause.code], [Error, 'Odd', 'x', 'ENOENT'])
    const ours = roundTrip(codec, new BraidError('DENIED', 'no', { cause: 1 })) as BraidError
    assert.ok(ours instanceof BraidError)
    assert.deepEqual([ours.code, ours.message, ours.initiator, ours.cause], ['BRAID_DENIED', 'no', 'remote', 1])
    assert.equal(
      (roundTrip(codec, Object.assign(new Error('e'), { code: 'BRAID_toString' })) as Error).constructor,
      Error,
    )
    assert.equal(
      Object.getPrototypeOf(roundTrip(codec, Object.assign(new Error(), { name: '__proto__' }))),
      Error.prototype,
    )
  })

  test(`${codec.name}: what cannot travel is a TypeError, a cycle says so`, () => {
    const items = (async function* () {})()
    class Source {
      readonly = 1;
      [Symbol.asyncIterator]() {
        return items
      }
    }
    for (const unsent of [
      () => 0,
      Symbol('s'),
      Promise.resolve(),
      items,
      new Source(),
      new WeakMap(),
      new Date(Number.NaN),
    ]) {
      for (const value of [
        { deep: [unsent] },
        [undefined, unsent],
        new Map([[1, unsent]]),
        new Error('e', { cause: unsent }),
      ])
        assert.throws(() => codec.encode(value), TypeError)
    }
    const map = new Map<string, unknown>()
    map.set('self', [map])
    const list: unknown[] = [undefined]
    list.push({ list })
    const error = new Error('e')
    error.cause = error
    for (const cycle of [map, list, error]) assert.throws(() => codec.encode(cycle), /^TypeError: .*cycle/)
    assert.equal(roundTrip(codec, 'still works'), 'still works')
  })

  test(`${codec.name}: depth and keys are limited inside Map, Set and Error too`, () => {
    for (const wrap of [
      (inside: unknown) => [inside],
      (inside: unknown) => ({ inside }),
      (inside: unknown) => new Set([inside]),
      (inside: unknown) => new Map([[inside, 1]]),
      (inside: unknown) => new Error('e', { cause: inside }),
    ]) {
      let deep: unknown = 1
      for (let depth = 0; depth < 64; depth++) deep = wrap(deep)
      const body = joined(codec.encode(deep))
      assert.doesNotThrow(() => codec.decode(body, bounds))
      assert.throws(() => codec.decode(body, { ...bounds, depth: 63 }), /deeper than 63/)
      assert.throws(() => codec.encode([deep]), TypeError)
    }
    const many = Array.from({ length: 5001 }, (_, at) => at)
    assert.throws(() => roundTrip(codec, new Map(many.map((at) => [at, at]))), /more than 10000 keys/)
    assert.throws(() => roundTrip(codec, [new Set(many), new Set(many)]), /more than 10000 keys/)
    const dollars = new Array(10_000).fill({ $: 1 })
    assert.deepEqual(roundTrip(codec, dollars), dollars)
  })

  test(`${codec.name}: random and damaged bytes are refused with INVALID_INPUT or are a value`, () => {
    const survives = (body: Uint8Array) => {
      try {
        codec.decode(body, bounds, { read: () => 'reference' })
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, 'BRAID_INVALID_INPUT', String(error))
      }
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), survives), { numRuns: 2000 })
    fc.assert(
      fc.property(anyValue, fc.nat(), fc.nat(255), (value, at, byte) => {
        const body = joined(codec.encode(value)).slice()
        if (body.length === 0) return
        survives(body.subarray(0, at % body.length))
        body[at % body.length] = byte
        survives(body)
      }),
      { numRuns: 300 },
    )
  })

  test(`${codec.name}: a whole value cut short, or with more behind it, is refused`, () => {
    const whole = joined(
      codec.encode([new Map([[1n, new Set(['x'])]]), new Error('e'), new Float64Array(2), /x/g, { a: 1 }]),
    )
    for (let length = 1; length < whole.length; length++)
      assert.throws(() => codec.decode(whole.subarray(0, length), bounds), refused)
    assert.throws(() => codec.decode(Uint8Array.of(...whole, 0x30), bounds), refused)
  })

  test(`${codec.name}: references are written and read where they stand, each asked once`, () => {
    const sent: object[] = []
    const writer: ReferenceWriter = {
      write(value) {
        if (value instanceof Plain) return undefined
        sent.push(value)
        const kind = typeof value === 'function' ? 'function' : value instanceof AbortSignal ? 'signal' : 'items'
        return { kind, number: 2 ** 40 + sent.length, flag: kind === 'signal' }
      },
    }
    class Plain {
      call = () => 1
    }
    const read: Reference[] = []
    const reader: ReferenceReader = {
      read(reference) {
        read.push(reference)
        return `${reference.kind} ${reference.number - 2 ** 40} ${reference.flag}`
      },
    }
    const items = (async function* () {})()
    const value = [
      () => 0,
      { items },
      undefined,
      new Map([['s', [undefined, new AbortController().signal]]]),
      new Plain(),
      ['then', () => 0],
    ]
    const body = joined(codec.encode(value, writer))
    assert.equal(sent.length, 5)
    const came = codec.decode(body, bounds, reader)
    const where = (place: object) => sent.indexOf(place) + 1
    const [first, , , map, plainObject, last] = value as [object, 0, 0, Map<string, [0, object]>, Plain, [0, object]]
    assert.deepEqual(came, [
      `function ${where(first)} false`,
      { items: `items ${where(items)} false` },
      undefined,
      new Map([['s', [undefined, `signal ${where(map.get('s')![1])} true`]]]),
      { call: `function ${where(plainObject.call)} false` },
      ['then', `function ${where(last[1])} false`],
    ])
    assert.throws(() => codec.decode(body, bounds), refused)
    assert.throws(() => codec.encode(value), TypeError)
  })

  test(`${codec.name}: nothing callable can be under the key then`, () => {
    const writer: ReferenceWriter = { write: () => ({ kind: 'function', number: 1, flag: false }) }
    const thenable = Object.fromEntries([['then', () => 0]])
    assert.throws(() => codec.encode([thenable], writer), TypeError)
    assert.throws(() => codec.encode([undefined, new Set([thenable])], writer), TypeError)
    const body = joined(codec.encode([{ thex: () => 0 }], writer)).slice()
    body[body.indexOf(0x78)] = 0x6e
    assert.throws(() => codec.decode(body, bounds, { read: () => () => 0 }), /then/)
  })

  test(`${codec.name}: writer and reader may themselves encode and decode`, () => {
    const large = ['x'.repeat(100_000), new Map([[1, new Set([2])]])]
    const write = (): Reference => {
      assert.throws(() => codec.encode([undefined, Symbol('s')]), TypeError)
      assert.deepEqual(roundTrip(codec, large), large)
      return { kind: 'function', number: 5, flag: false }
    }
    const value = (leaf: unknown) => [
      new Map([[1, new Set([leaf, [undefined, leaf]])]]),
      undefined,
      new Uint8Array(5000),
      leaf,
    ]
    const body = joined(
      codec.encode(
        value(() => 0),
        { write },
      ),
    )
    const read = ({ number }: Reference) => {
      assert.throws(() => codec.decode(Uint8Array.of(0xc1), bounds), refused)
      assert.deepEqual(roundTrip(codec, large), large)
      return number
    }
    assert.deepEqual(codec.decode(body, bounds, { read }), value(5))
  })

  test(`${codec.name}: what the writer throws comes out as it is`, () => {
    const full = new BraidError('EXHAUSTED', 'no more streams')
    const write = () => {
      throw full
    }
    assert.throws(
      () => codec.encode([undefined, new Map([[1, () => 0]])], { write }),
      (thrown) => thrown === full,
    )
    const read = () => {
      throw full
    }
    const body = joined(codec.encode([() => 0], { write: () => ({ kind: 'function', number: 0, flag: false }) }))
    assert.throws(
      () => codec.decode(body, bounds, { read }),
      (thrown) => thrown === full,
    )
  })
}

test('a plain object is asked about only when it may be a stream', () => {
  const asked: object[] = []
  const write = (value: object) => {
    asked.push(value)
    return undefined
  }
  const pair = { readable: {}, writable: {} }
  for (const codec of codecs) {
    codec.encode([{}, { readable: true }, pair, { writable: {} }, Object.create(null)], { write })
    assert.deepEqual(asked.splice(0), [pair, { writable: {} }])
  }
})

test('codecs are found by name, msgpack also by none', () => {
  const own: Codec = { ...json, name: 'own' }
  assert.equal(codecNamed('', undefined), msgpack)
  assert.equal(codecNamed('msgpack', []), msgpack)
  assert.equal(codecNamed('json', [{ ...own, name: 'json' }]), json)
  assert.equal(codecNamed('own', [own]), own)
  assert.equal(codecNamed('own', undefined), undefined)
})
