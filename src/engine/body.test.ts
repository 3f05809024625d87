import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Body } from './body.ts'
import { encodeText } from './wire.ts'

function body(...bytes: number[]): Body {
  // Neighbours on both sides: a field must not reach them.
  return new Body().set(Uint8Array.of(0xee, ...bytes, 0xee, 0xee), 1, 1 + bytes.length)
}

const tooShort = { code: 'BRAID_FRAME_SIZE' }

test('a body gives its fields in order', () => {
  const it = body(7, 0x40, 0x40, 0x02, 0x68, 0x69, 1, 2)
  assert.equal(it.byte(), 7)
  assert.equal(it.varint(), 64)
  assert.equal(it.text(it.varint30()), 'hi')
  assert.equal(it.left, 2)
  assert.deepEqual([...it.rest()], [1, 2])
  it.done()
})

test('a field past the end is refused', () => {
  assert.throws(() => body().byte(), tooShort)
  assert.throws(() => body().varint(), tooShort)
  assert.throws(() => body().varint30(), tooShort)
  assert.throws(() => body(0x40).varint(), tooShort)
  assert.throws(() => body(0xc0, 0, 0, 0, 0, 0, 0).varint(), tooShort)
  assert.throws(() => body(1).take(2), tooShort)
  assert.throws(() => body(2, 3, 0x68).meta(), tooShort)
})

test('a length in the 8-byte form is refused, an id is not', () => {
  const long = [0xc0, 0, 0, 0, 0, 0, 0, 5]
  assert.equal(body(...long).varint(), 5)
  assert.throws(() => body(...long).varint30(), tooShort)
})

test('bytes left over are refused', () => {
  assert.throws(() => body(1).done(), tooShort)
})

test('a reason that is too long or not UTF-8 is dropped', () => {
  assert.equal(body().reason(), '')
  assert.equal(body(...encodeText('grün')).reason(), 'grün')
  assert.equal(body(0xff).reason(), '')
  const long = body(...new Array(257).fill(0x61))
  assert.equal(long.reason(), '')
  assert.equal(long.left, 0)
  assert.equal(body(...new Array(256).fill(0x61)).reason().length, 256)
})

test('metadata has a kind', () => {
  assert.equal(body(0).meta(), undefined)
  assert.deepEqual(body(1, 2, 0x7b, 0x7d).meta(), { json: true, bytes: Uint8Array.of(0x7b, 0x7d) })
  assert.deepEqual(body(2, 1, 9).meta(), { json: false, bytes: Uint8Array.of(9) })
  assert.throws(() => body(3, 0).meta(), { code: 'BRAID_PROTOCOL' })
})

test('metadata does not pin the buffer it came in', () => {
  const meta = body(2, 1, 9).meta()
  assert.equal(meta?.bytes.buffer.byteLength, 1)
})

test('a reason may be one character long', () => {
  assert.equal(new Body().set(Uint8Array.of(0x78), 0, 1).reason(), 'x')
})
