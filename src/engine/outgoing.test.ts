import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MESSAGE_END, Outgoing } from './outgoing.ts'
import { StreamRecord } from './streams.ts'

function outgoing(): Outgoing {
  return new Outgoing(new StreamRecord(true, 3, 100))
}

test('a queue counts what is queued, a message end as a byte', () => {
  const it = outgoing()
  assert.equal(it.push(new Uint8Array(10), false), 10)
  assert.equal(it.push(new Uint8Array(0), false), 0)
  assert.equal(it.push(new Uint8Array(5), true), 6)
  assert.equal(it.push(new Uint8Array(0), true), 1)
  assert.equal(it.queued, 17)
  assert.deepEqual(
    it.queue.map((chunk) => (chunk === MESSAGE_END ? 'end' : chunk.length)),
    [10, 5, 'end', 'end'],
  )
})

test('what is written is let go of and the rest stays in order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 4 })), { maxLength: 400 }), (moves) => {
      const it = outgoing()
      const model: Uint8Array[] = []
      for (const [pushes, chunks] of moves) {
        for (let i = 0; i < pushes; i++) {
          const chunk = new Uint8Array(3)
          it.push(chunk, false)
          model.push(chunk)
        }
        const written = Math.min(chunks, model.length)
        if (written === 0) continue
        model.splice(0, written)
        it.advance(it.head + written, 0, written * 3)
        assert.deepEqual(it.queue.slice(it.head), model)
        assert.ok(it.queue.slice(0, it.head).every((chunk) => chunk === MESSAGE_END))
        assert.ok(it.head <= 64 || it.head * 2 <= it.queue.length)
        assert.equal(it.queued, model.length * 3)
      }
    }),
  )
})

test('a long queue is cut behind what is written', () => {
  const it = outgoing()
  const chunks = Array.from({ length: 200 }, () => new Uint8Array(1))
  for (const chunk of chunks) it.push(chunk, false)
  it.advance(101, 0, 101)
  assert.deepEqual([it.head, it.queue.length, it.queued], [0, 99, 99])
  assert.equal(it.queue[0], chunks[101])
})

test('a queue is cut from 65 chunks on, and when more than half of it is written', () => {
  const cut = (written: number, length: number): boolean => {
    const it = outgoing()
    for (let chunk = 0; chunk < length; chunk++) it.push(new Uint8Array(1), false)
    it.advance(1, 0, 1)
    it.advance(written, 0, written - 1)
    assert.equal(it.queue.length - it.head, length - written)
    return it.queue.length < length
  }
  assert.deepEqual(
    [cut(6, 10), cut(64, 100), cut(65, 100), cut(65, 129), cut(65, 130), cut(65, 131), cut(100, 300)],
    [false, false, true, true, false, false, false],
  )
})

test('it holds no array of its own while it is empty', () => {
  const it = outgoing()
  const empty = it.queue
  it.push(new Uint8Array(1), false)
  it.advance(1, 0, 1)
  assert.equal(it.queue, empty)
  assert.equal(outgoing().queue, empty)
  assert.equal(empty.length, 0)
})
