import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Batch, COPY_BYTES_MAX } from './batch.ts'
import { join, varint } from './harness.test.ts'

test('a batch holds what was written, in order', () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 20_000, size: 'max' }), { maxLength: 20 })
  fc.assert(
    fc.property(payloads, (chunks) => {
      const batch = new Batch()
      const out: Uint8Array[] = []
      const expected: Uint8Array[] = []
      batch.begin(out)
      for (const chunk of chunks) {
        const fields = varint(chunk.length)
        batch.head(9, 1, fields.length + chunk.length, fields.length)
        batch.varint(chunk.length)
        batch.payload(chunk, 0, chunk.length)
        expected.push(Uint8Array.of((9 << 3) | 1), varint(fields.length + chunk.length), fields, chunk)
      }
      assert.equal(batch.size, join(expected).length)
      assert.equal(batch.finish(), join(expected).length)
      assert.deepEqual(join(out), join(expected))
    }),
    { numRuns: 50 },
  )
})

test('small payloads are copied, large ones are not', () => {
  const batch = new Batch()
  const out: Uint8Array[] = []
  const small = new Uint8Array(COPY_BYTES_MAX)
  const large = new Uint8Array(COPY_BYTES_MAX + 1)
  batch.begin(out)
  batch.payload(small, 0, small.length)
  batch.payload(large, 0, large.length)
  batch.payload(new Uint8Array(2 * large.length), 1, 1 + large.length)
  batch.finish()
  assert.equal(out.length, 3)
  assert.notEqual(out[0].buffer, small.buffer)
  assert.equal(out[1], large)
})

test('many small frames become one chunk', () => {
  const batch = new Batch()
  const out: Uint8Array[] = []
  batch.begin(out)
  for (let i = 0; i < 40; i++) {
    batch.head(4, 0, 1, 1)
    batch.byte(i)
  }
  assert.equal(batch.finish(), 120)
  assert.equal(out.length, 1)
})

test('what an earlier flush handed out is never written again', () => {
  const batch = new Batch()
  const flushes: Uint8Array[][] = []
  for (let i = 0; i < 3000; i++) {
    const out: Uint8Array[] = []
    batch.begin(out)
    batch.head(i & 31, 0, 2, 2)
    batch.field(Uint8Array.of(i & 255, i >> 8))
    batch.finish()
    flushes.push(out)
  }
  flushes.forEach((out, i) => {
    assert.deepEqual(join(out), Uint8Array.of((i & 31) << 3, 2, i & 255, i >> 8))
  })
})

test('a flush without frames is no chunk', () => {
  const out: Uint8Array[] = []
  const batch = new Batch()
  batch.begin(out)
  assert.equal(batch.finish(), 0)
  assert.deepEqual(out, [])
})
