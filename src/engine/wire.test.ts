import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import * as wire from './wire.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function encoded(value: number): Uint8Array {
  const bytes = new Uint8Array(16)
  return bytes.subarray(0, wire.writeVarint(bytes, 0, value))
}

test('a varint comes back as it went, in the size foretold', () => {
  const values = fc.oneof(
    fc.maxSafeNat(),
    fc.integer({ min: 0, max: 53 }).chain((bits) => fc.integer({ min: -2, max: 2 }).map((by) => 2 ** bits + by)),
  )
  fc.assert(
    fc.property(values, (value) => {
      fc.pre(value >= 0 && value <= Number.MAX_SAFE_INTEGER)
      const bytes = encoded(value)
      assert.equal(wire.readVarint(bytes, 0), value)
      assert.equal(bytes.length, wire.varintSize(value))
      assert.equal(1 << (bytes[0] >> 6), bytes.length)
    }),
  )
})

test('a varint is written as the specification shows', () => {
  const table: [number, string][] = [
    [0, '00'],
    [63, '3f'],
    [64, '4040'],
    [16_383, '7fff'],
    [16_384, '80004000'],
    [1_073_741_823, 'bfffffff'],
    [1_073_741_824, 'c000000040000000'],
    [Number.MAX_SAFE_INTEGER, 'c01fffffffffffff'],
  ]
  for (const [value, bytes] of table) assert.equal(hex(encoded(value)), bytes)
})

test('a varint in a longer form than needed is read', () => {
  for (const form of ['07', '4007', '80000007', 'c000000000000007']) {
    assert.equal(wire.readVarint(Buffer.from(form, 'hex'), 0), 7)
  }
})

test('a varint above 2^53-1 is refused', () => {
  for (const form of ['c020000000000000', 'ffffffffffffffff']) {
    assert.throws(() => wire.readVarint(Buffer.from(form, 'hex'), 0), { code: 'BRAID_FRAME_SIZE' })
  }
})

test('the types that count are the starred ones', () => {
  const starred = Array.from({ length: 32 }, (_, type) => type).filter(wire.isSequenced)
  assert.deepEqual(starred, [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20])
})

test('a type and its flags are checked against the table', () => {
  const flags: Record<number, number> = { 8: 7, 9: 7, 10: 3, 15: 1, 16: 7, 17: 3 }
  for (const plain of [0, 1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 18, 20, 21, 22]) flags[plain] = 0
  for (let extension = 24; extension < 32; extension++) flags[extension] = 7
  for (let type = 0; type < 32; type++) {
    for (let bits = 0; bits < 8; bits++) {
      const known = flags[type] !== undefined && (bits & ~flags[type]) === 0
      if (known) wire.checkType(type, bits)
      else assert.throws(() => wire.checkType(type, bits), { code: 'BRAID_UNKNOWN_FRAME' })
    }
  }
})

test('text that is not UTF-8 is told apart', () => {
  assert.equal(wire.decodeText(wire.encodeText('grün')), 'grün')
  assert.equal(wire.decodeText(Uint8Array.of(0xff)), undefined)
})

test('a reason is cut at a character within 256 bytes', () => {
  assert.equal(wire.encodeReason('').length, 0)
  assert.equal(wire.encodeReason('no').length, 2)
  const faces = wire.encodeReason(`.${'\u{1f600}'.repeat(100)}`)
  assert.equal(wire.decodeText(faces), `.${'\u{1f600}'.repeat(63)}`)
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (reason) => {
      const bytes = wire.encodeReason(reason)
      const back = wire.decodeText(bytes)
      assert.ok(bytes.length <= wire.REASON_BYTES_MAX)
      assert.ok(back !== undefined && reason.startsWith(back))
      // Nothing that fits is left out.
      const next = [...reason.slice(back.length)][0]
      assert.ok(next === undefined || bytes.length + wire.encodeText(next).length > wire.REASON_BYTES_MAX)
    }),
  )
})
