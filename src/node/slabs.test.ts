import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Slabs } from './slabs.ts'

/** Reads of these sizes, each filled with a byte of its own as far as there is room; what was taken, and the room it had. */
function reads(sizes: readonly number[]): { taken: Uint8Array[]; rooms: number[] } {
  const slabs = new Slabs()
  const rooms: number[] = []
  const taken = sizes.map((size, index) => {
    const room = slabs.room()
    rooms.push(room.length)
    const bytes = Math.min(size, room.length)
    room.fill(index % 256, 0, bytes)
    return slabs.take(bytes)
  })
  return { taken, rooms }
}

test('slabs never write over bytes that were taken, and always have room', () => {
  const size = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 70_000 }))
  fc.assert(
    fc.property(fc.array(size, { minLength: 1, maxLength: 300 }), (sizes) => {
      const { taken, rooms } = reads(sizes)
      assert.ok(rooms.every((room) => room >= 1024))
      for (const [index, bytes] of taken.entries()) {
        assert.equal(bytes.length, Math.min(sizes[index]!, rooms[index]!))
        assert.ok(bytes.every((byte) => byte === index % 256))
      }
    }),
  )
})

test('slabs: small reads share 4 KiB, reads that fill their room get 64 KiB, and eight small reads make it small again', () => {
  const small = reads(Array(30).fill(100)).taken
  assert.equal(new Set(small.map(({ buffer }) => buffer)).size, 1)
  assert.equal(small[0]!.buffer.byteLength, 4096)
  const { rooms } = reads([4096, 65_536, 65_536, 40_000, 30_000, 50_000, ...Array(8).fill(10), 10])
  assert.deepEqual(rooms.slice(0, 7), [4096, 65_536, 65_536, 65_536, 65_536, 35_536, 65_536])
  assert.deepEqual(rooms.slice(-2), [65_466, 4096])
})

test('slabs read again into what was given back, and only into that', () => {
  const slabs = new Slabs()
  const kept = slabs.take(slabs.room().fill(1).length)
  const lent = slabs.take(slabs.room().fill(2).length)
  slabs.giveBack()
  const room = slabs.room()
  assert.equal(room.buffer, lent.buffer)
  assert.equal(room.byteOffset, lent.byteOffset)
  slabs.take(room.fill(3).length)
  assert.ok(kept.every((byte) => byte === 1))
  assert.ok(lent.every((byte) => byte === 3))
})
