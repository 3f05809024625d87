// A byte array alone travels as any encoder of MessagePack would write it, and is read within the same limits.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Encoder } from '@msgpack/msgpack'
import { joined } from '../../session/bytes.ts'
import { defaultBounds } from './limits.ts'
import { encodeMessage, msgpack } from './msgpack.ts'

const lengths = [0, 1, 60, 61, 64, 65, 255, 256, 257, 1021, 1022, 4096]
const filled = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index)
const values = lengths.flatMap((length) => [filled(length), [filled(length)]])

test('it is written as other encoders write it', () => {
  for (const value of values) {
    assert.deepEqual(joined(msgpack.encode(value)), new Encoder().encode(value))
    assert.deepEqual(encodeMessage(value, 3).subarray(3), new Encoder().encode(value))
  }
})

test('it comes back equal, and what was encoded before stays as it was', () => {
  const encoded = values.map((value) => joined(msgpack.encode(value)))
  assert.deepEqual(
    encoded.map((bytes) => msgpack.decode(bytes, defaultBounds)),
    values,
  )
})

test('a few bytes do not keep a frame alive, many are no copy', () => {
  const frame = new Uint8Array(100_000)
  for (const [length, held] of [
    [60, 60],
    [4000, 4000],
    [4096, 100_000],
  ] as const) {
    const encoded = joined(msgpack.encode([filled(length)]))
    frame.set(encoded)
    const [bytes] = msgpack.decode(frame.subarray(0, encoded.length), defaultBounds) as [Uint8Array]
    assert.deepEqual(bytes, filled(length))
    assert.equal(bytes.buffer.byteLength, held)
  }
})

test('a Buffer arrives as a plain byte array', () => {
  const [bytes] = msgpack.decode(Buffer.from(joined(msgpack.encode([Buffer.from('tea')]))), defaultBounds) as [unknown]
  assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype)
})

test('one that is longer or shorter than it says is refused, and one beyond the limit on keys', () => {
  const refused = { code: 'BRAID_INVALID_INPUT' }
  for (const encoded of [
    [0xc4],
    [0xc4, 2, 1],
    [0xc4, 0, 1],
    [0x91, 0xc4],
    [0x91, 0xc5, 0, 2, 1],
    [0x91, 0xc4, 1, 1, 1],
  ])
    assert.throws(() => msgpack.decode(Uint8Array.from(encoded), defaultBounds), refused)
  assert.throws(() => msgpack.decode(Uint8Array.of(0xc4, 1, 1), { depth: 1, keys: 0 }), refused)
})
