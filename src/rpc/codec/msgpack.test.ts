// Values as they travel: what comes back as it was, what is refused, and what a hostile body may cost.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { joined } from '../../session/bytes.ts'
import { defaultBounds, type ValueBounds } from './limits.ts'
import { msgpack } from './msgpack.ts'

const bounds = defaultBounds
const encodeValue = (value: unknown): Uint8Array => joined(msgpack.encode(value))
const decodeValue = (encoded: Uint8Array, limits: ValueBounds): unknown => msgpack.decode(encoded, limits)
const roundTrip = (value: unknown): unknown => decodeValue(encodeValue(value), bounds)
const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
const refused = { name: 'BraidError', code: 'BRAID_INVALID_INPUT', scope: 'call' }

/** Everything that travels unchanged. Minus zero arrives as zero; integer keys keep their order only among themselves. */
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
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('value').filter((item) => item !== undefined),
      { maxKeys: 20 },
    ),
  ),
}))

test('any value that can travel comes back equal', () => {
  fc.assert(
    fc.property(value, (sent) => {
      assert.deepEqual(roundTrip(sent), plain(sent))
    }),
  )
})

test('any list of arguments comes back equal', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 8 }), (sent) => {
      assert.deepEqual(decodeValue(encodeValue(sent), bounds), plain(sent))
    }),
  )
})

/** The same value with ordinary prototypes, as fast-check also makes dictionaries without one. */
function plain(sent: unknown): unknown {
  if (Array.isArray(sent)) return sent.map(plain)
  if (typeof sent !== 'object' || sent === null || sent instanceof Date || sent instanceof Uint8Array) return sent
  return Object.fromEntries(Object.entries(sent).map(([key, item]) => [key, plain(item)]))
}

test('bytes that are no value are refused and nothing else is thrown', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (body) => {
      try {
        decodeValue(body, bounds)
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, 'BRAID_INVALID_INPUT')
      }
    }),
    { numRuns: 2000 },
  )
})

test('a value cut short anywhere is refused', () => {
  const whole = encodeValue({
    list: [1, 'two', 3n, new Date(4), new Uint8Array(5)],
    text: 'x'.repeat(300),
    wide: 2 ** 40,
  })
  for (let length = 1; length < whole.length; length++) {
    assert.throws(() => decodeValue(whole.subarray(0, length), bounds), refused)
  }
  assert.throws(() => decodeValue(Uint8Array.of(...whole, 0), bounds), /1 bytes are left over/)
})

const vectors: [string, unknown, string][] = [
  ['nothing', undefined, ''],
  ['null', null, 'c0'],
  ['undefined in a list', [1, undefined], '9201c70000'],
  ['bigint 0', 0n, 'd40100'],
  ['bigint 127', 127n, 'd4017f'],
  ['bigint 128', 128n, 'd5010080'],
  ['bigint -1', -1n, 'd401ff'],
  ['bigint -128', -128n, 'd40180'],
  ['bigint -129', -129n, 'd501ff7f'],
  ['bigint 2^64', 2n ** 64n, 'c70901010000000000000000'],
  ['Date', new Date(1000), 'd6ff00000001'],
  ['whole number beyond 32 bits', 2 ** 32, 'cf0000000100000000'],
  ['bytes', Uint8Array.of(1, 2), 'c4020102'],
]
for (const [name, decoded, hex] of vectors) {
  test(`encoding of ${name} is ${hex === '' ? 'no bytes' : hex}`, () => {
    assert.equal(Buffer.from(encodeValue(decoded)).toString('hex'), hex)
    assert.deepEqual(decodeValue(bytes(hex), bounds), decoded)
  })
}

test('undefined as a property is left out, anywhere else it is kept', () => {
  class Point {
    x = 1
    y = [undefined]
    z = undefined
  }
  assert.deepEqual(roundTrip({ a: undefined, b: [undefined, null], c: { d: undefined } }), {
    b: [undefined, null],
    c: {},
  })
  assert.deepEqual(roundTrip(new Point()), { x: 1, y: [undefined] })
  assert.deepEqual(roundTrip([new Date(5), [undefined], new Uint8Array(1)]), [
    new Date(5),
    [undefined],
    new Uint8Array(1),
  ])
})

const unsendable: [string, unknown][] = [
  ['function', () => 0],
  ['symbol', Symbol('s')],
  ['Promise', Promise.resolve()],
  ['invalid Date', new Date(Number.NaN)],
  ['huge bigint', 1n << 9000n],
  ['async generator', (async function* () {})()],
]
for (const [name, unsent] of unsendable) {
  test(`sending a value of kind ${name} is a TypeError`, () => {
    assert.throws(() => encodeValue({ deep: [unsent] }), TypeError)
    assert.throws(() => encodeValue([undefined, unsent]), TypeError)
    assert.equal(roundTrip('still works'), 'still works')
  })
}

test('sending a cycle is a TypeError', () => {
  const cycle: unknown[] = [undefined]
  cycle.push({ cycle })
  assert.throws(() => encodeValue(cycle), TypeError)
  cycle[0] = 0
  assert.throws(() => encodeValue(cycle), TypeError)
})

const nested = (depth: number): Uint8Array => Uint8Array.from({ length: depth + 1 }, (_, at) => (at < depth ? 0x91 : 0))

test('depth is bounded, and by the option', () => {
  assert.doesNotThrow(() => decodeValue(nested(64), bounds))
  assert.throws(() => decodeValue(nested(65), bounds), /deeper than 64/)
  assert.throws(() => decodeValue(nested(200_000), bounds), refused)
  assert.doesNotThrow(() => decodeValue(nested(512), { ...bounds, depth: 512 }))
})

test('what we send is never too deep for the other side', () => {
  let deep: unknown = 1
  for (let depth = 0; depth < 64; depth++) deep = [deep]
  assert.deepEqual(roundTrip(deep), deep)
  assert.throws(() => encodeValue([deep]), TypeError)
})

test('keys of a body are bounded, and by the option', () => {
  const object = Object.fromEntries(Array.from({ length: 10_001 }, (_, at) => [`k${at}`, at]))
  const body = encodeValue(object)
  assert.throws(() => decodeValue(body, bounds), /more than 10000 keys/)
  assert.throws(() => decodeValue(encodeValue(Array.from({ length: 10_001 }, () => ({ k: 1 }))), bounds), refused)
  assert.deepEqual(decodeValue(body, { ...bounds, keys: 20_000 }), object)
  assert.doesNotThrow(() => decodeValue(encodeValue([Object.fromEntries(Object.entries(object).slice(1))]), bounds))
})

test('whatever becomes an object of its own counts as a key', () => {
  for (const item of [{}, [], new Uint8Array(0), new Date(0), 1n, undefined]) {
    const list = new Array(10_000).fill(item)
    assert.deepEqual(roundTrip(list), list)
    assert.throws(() => roundTrip([...list, item]), /more than 10000 keys/)
  }
  const numbers = new Array(100_000).fill(5)
  assert.deepEqual(roundTrip(numbers), numbers)
})

test('declared lengths beyond the body are refused before anything is allocated', () => {
  for (const head of ['dd7fffffff', 'df3fffffff', 'c6ffffffff', 'dbffffffff', 'c9ffffffff01', 'dc0002dd7fffffff']) {
    assert.throws(() => decodeValue(bytes(head), bounds), /ends before it is whole|more than 10000 keys/)
  }
  // Every level claims as much as the body has bytes: an allocation each would be 64 times the body.
  const greedy = new Uint8Array(1 << 20)
  for (let level = 0; level < 63; level++) greedy.set([0xdd, 0x00, 0x0f, 0x00, 0x00], level * 5)
  assert.throws(() => decodeValue(greedy, bounds), /ends before it is whole/)
})

test('a key __proto__ is refused at any depth, other odd keys are plain properties', () => {
  const key = Buffer.from('__proto__').toString('hex')
  assert.throws(() => decodeValue(bytes(`81a9${key}80`), bounds), refused)
  assert.throws(() => decodeValue(bytes(`9181a16181a9${key}81a161c3`), bounds), refused)
  assert.equal(Object.getPrototypeOf(roundTrip({ a: 1 }) as object), Object.prototype)
  const odd = [
    ['constructor', 1],
    ['then', 2],
    ['toString', 3],
  ]
  assert.deepEqual(Object.entries(roundTrip(Object.fromEntries(odd)) as object), odd)
})

test('numbers that would lose digits and extensions nobody built are refused', () => {
  assert.throws(() => decodeValue(bytes('cf0020000000000001'), bounds), /bigint/)
  assert.throws(() => decodeValue(bytes('d38000000000000000'), bounds), /bigint/)
  assert.equal(decodeValue(bytes('d3ffe0000000000001'), bounds), -Number.MAX_SAFE_INTEGER)
  for (const type of ['08', '15', '3f', '40', '7f', 'fe', '80']) {
    assert.throws(() => decodeValue(bytes(`d4${type}00`), bounds), /extension type/)
  }
  assert.throws(() => decodeValue(bytes('c70cff00000000000fffffffffffff'), bounds), /extension type -1/)
  assert.throws(() => decodeValue(bytes('c70001'), bounds), refused)
  assert.throws(() => decodeValue(bytes('c1'), bounds), /begins no value/)
})

test('byte arrays over 4 KiB follow the value, uncopied on both sides', () => {
  const large = new Uint8Array(5000).fill(7)
  const doubles = new Float64Array(1000).fill(1.5)
  const pieces = msgpack.encode([large, new Uint8Array(4096), undefined, new Map([['d', doubles]])])
  assert.ok(!(pieces instanceof Uint8Array))
  const [head, first, second] = pieces
  assert.ok(head!.length < 4200 && first === large && second!.buffer === doubles.buffer && pieces.length === 3)
  const body = joined(pieces)
  const [came, small, , map] = decodeValue(body, bounds) as [
    Uint8Array,
    Uint8Array,
    undefined,
    Map<string, Float64Array>,
  ]
  assert.deepEqual([came, small.length, map.get('d')], [large, 4096, doubles])
  assert.equal(came.buffer, body.buffer)
})

test('a body in a Buffer gives plain byte arrays', () => {
  const body = Buffer.from(joined(msgpack.encode([Uint8Array.of(1), new Float64Array(600), new Float64Array(1)])))
  const [bytesOfOne, ...doubles] = decodeValue(body, bounds) as object[]
  assert.equal(Object.getPrototypeOf(bytesOfOne), Uint8Array.prototype)
  assert.deepEqual(doubles, [new Float64Array(600), new Float64Array(1)])
})

test('a claimed length of what follows costs nothing', () => {
  assert.throws(() => decodeValue(bytes('91c7081100ffffffffffff'), bounds), refused)
  assert.throws(() => decodeValue(bytes(`dc2711${'d5110000'.repeat(10_001)}`), bounds), /more than 10000 keys/)
})

test('a short byte array does not keep its whole body alive', () => {
  const frame = new Uint8Array(100_000)
  const body = encodeValue([Uint8Array.of(7)])
  frame.set(body, 5000)
  const [kept] = decodeValue(frame.subarray(5000, 5000 + body.length), bounds) as [Uint8Array]
  assert.ok(kept.buffer.byteLength < 100)
  assert.deepEqual(kept, Uint8Array.of(7))
})
