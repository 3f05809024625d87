import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Body } from './body.ts'
import { join, utf8, varint, zeros } from './harness.test.ts'
import { encodeHello, floors, type PeerLimits, parseHello } from './hello.ts'
import { AUTH_BYTES_MAX, parseOptions } from './options.ts'

function parse(bytes: Uint8Array): PeerLimits {
  return parseHello(new Body().set(bytes, 0, bytes.length))
}

const entry = (key: number, value: Uint8Array): Uint8Array => join([varint(key), varint(value.length), value])
const number = (key: number, value: number): Uint8Array => entry(key, varint(value))
const long = (value: number): Uint8Array => Uint8Array.of(0xc0, 0, 0, 0, value >>> 24, value >> 16, value >> 8, value)
const badLimits = { code: 'BRAID_BAD_LIMITS' }

test('a HELLO is read as it was written', () => {
  const settings = parseOptions({
    maxFrame: 100_000,
    streamWindow: 20_000,
    sessionWindow: 70_000,
    maxStreams: 40,
    maxCalls: 50,
    maxMeta: 3000,
    auth: Uint8Array.of(1, 2),
    codec: 'msgpack',
  })
  const { maxFrame, streamWindow, sessionWindow, maxStreams, maxCalls, maxMeta, auth, codec } = settings
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 0.999999, noNaN: true }), { minLength: 1 }), (randoms) => {
      let i = 0
      const limits = parse(encodeHello(settings, true, () => randoms[i++ % randoms.length]))
      const version = 1
      const expected = {
        version,
        auth,
        codec,
        maxFrame,
        maxCalls,
        maxStreams,
        maxMeta,
        streamWindow,
        sessionWindow,
        resume: true,
      }
      assert.deepEqual(limits, expected)
    }),
  )
})

test('a HELLO of ours always carries one entry nobody knows', () => {
  const without = encodeHello(parseOptions(), false, () => 0)
  const withMore = encodeHello(parseOptions(), false, () => 0.999)
  assert.deepEqual([...without.subarray(0, 3)], [0x40, 64, 0])
  assert.equal(withMore.length, without.length + 8)
})

test('what a HELLO leaves out stands at its floor', () => {
  assert.deepEqual(parse(zeros(0)), floors)
})

test('unknown and reserved keys are ignored', () => {
  assert.deepEqual(parse(join([entry(10, zeros(3)), entry(2 ** 40, zeros(0)), number(7, 2 ** 50)])), floors)
})

test('a number below its floor is refused', () => {
  const lowest: [number, number][] = [
    [1, 16_384],
    [2, 16_384],
    [3, 65_536],
    [4, 32],
    [5, 32],
    [6, 1024],
  ]
  for (const [key, floor] of lowest) {
    parse(number(key, floor))
    assert.throws(() => parse(number(key, floor - 1)), badLimits)
  }
})

test('a number that is not of its form is refused', () => {
  for (const key of [1, 2, 3, 6]) assert.throws(() => parse(entry(key, long(100_000))), badLimits)
  for (const key of [4, 5]) parse(entry(key, long(100_000)))
  for (const key of [1, 2, 3, 4, 5, 6, 7]) {
    assert.throws(() => parse(entry(key, zeros(0))), badLimits)
    assert.throws(() => parse(entry(key, join([varint(100_000), zeros(1)]))), badLimits)
    assert.throws(() => parse(entry(key, varint(100_000).subarray(0, 3))), badLimits)
    assert.throws(() => parse(entry(key, new Uint8Array(8).fill(0xff))), badLimits)
  }
})

test('a MAX_FRAME above 1 MiB counts as 1 MiB', () => {
  assert.equal(parse(number(1, 2 ** 30 - 1)).maxFrame, 1_048_576)
})

test('metadata has to fit a frame beside a name and first bytes', () => {
  assert.equal(parse(number(6, 2 ** 30 - 1)).maxMeta, 16_384 - 4096)
})

test('a version in common is needed', () => {
  assert.equal(parse(entry(0, Uint8Array.of(0, 9))).version, 1)
  // However long the two numbers are.
  assert.equal(parse(entry(0, Uint8Array.of(0x40, 1, 9))).version, 1)
  assert.equal(parse(entry(0, Uint8Array.of(0x80, 0, 0, 1, 0x40, 9))).version, 1)
  assert.throws(() => parse(entry(0, Uint8Array.of(2, 9))), { code: 'BRAID_VERSION', message: /2 to 9/ })
  assert.throws(() => parse(entry(0, Uint8Array.of(0, 0))), { code: 'BRAID_VERSION' })
  for (const value of [[], [1], [0x40], [1, 0x40]]) {
    assert.throws(() => parse(entry(0, Uint8Array.from(value))), {
      ...badLimits,
      message: /version in HELLO is cut short$/,
    })
  }
  for (const value of [
    [2, 1],
    [1, 1, 1],
  ])
    assert.throws(() => parse(entry(0, Uint8Array.from(value))), badLimits)
})

test('auth and codec are bounded', () => {
  const limits = parse(join([entry(8, zeros(AUTH_BYTES_MAX)), entry(9, utf8('x'.repeat(128)))]))
  assert.deepEqual([limits.auth.length, limits.codec.length], [4096, 128])
  assert.throws(() => parse(entry(8, zeros(AUTH_BYTES_MAX + 1))), badLimits)
  assert.throws(() => parse(entry(9, zeros(129))), badLimits)
  assert.throws(() => parse(entry(9, Uint8Array.of(0xff))), badLimits)
})

test('a key twice, a 65th entry and a HELLO over 8 KiB are refused', () => {
  assert.throws(() => parse(join([number(4, 40), number(4, 40)])), badLimits)
  const entries = (count: number) => join(Array.from({ length: count }, (_, i) => entry(100 + i, zeros(0))))
  parse(entries(64))
  assert.throws(() => parse(entries(65)), badLimits)
  assert.throws(() => parse(entry(100, zeros(8190))), badLimits)
})

test('an entry that is cut short is refused as such', () => {
  assert.throws(() => parse(Uint8Array.of(4)), badLimits)
  assert.throws(() => parse(Uint8Array.of(4, 2, 0x40)), badLimits)
  assert.throws(() => parse(Uint8Array.of(0x40)), badLimits)
})
