import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Core } from './core.ts'
import { parseOptions } from './options.ts'
import { MESSAGE_END, OWES_CREDIT, OWES_FIN, StreamRecord, StreamTable } from './streams.ts'

function record(mine = true, number = -1): StreamRecord {
  const it = new StreamRecord(mine, 3, undefined, 100, 100)
  it.number = number
  return it
}

test('a record counts what is queued, a message end as a byte', () => {
  const it = record()
  it.push(new Uint8Array(10), false)
  it.push(new Uint8Array(0), false)
  it.push(new Uint8Array(5), true)
  it.push(new Uint8Array(0), true)
  assert.equal(it.queued, 17)
  assert.deepEqual(
    it.queue.map((chunk) => (chunk === MESSAGE_END ? 'end' : chunk.length)),
    [10, 5, 'end', 'end'],
  )
})

test('a record holds no queue of its own while it has nothing to send', () => {
  const it = record()
  const empty = it.queue
  it.push(new Uint8Array(1), false)
  it.advance(1, 0, 1)
  assert.equal(it.queue, empty)
  assert.equal(record().queue, empty)
  assert.equal(empty.length, 0)
})

test('what is written is let go of and the rest stays in order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 4 })), { maxLength: 400 }), (moves) => {
      const it = record()
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
  const it = record()
  const chunks = Array.from({ length: 200 }, () => new Uint8Array(1))
  for (const chunk of chunks) it.push(chunk, false)
  it.advance(101, 0, 101)
  assert.deepEqual([it.head, it.queue.length, it.queued], [0, 99, 99])
  assert.equal(it.queue[0], chunks[101])
})

test('a queue that is dropped leaves nothing', () => {
  const it = record()
  it.push(new Uint8Array(10), false)
  it.advance(0, 4, 4)
  it.trailer = { json: false, bytes: new Uint8Array(1) }
  it.wantsWritable = true
  it.dropQueue()
  assert.deepEqual(
    [it.queued, it.head, it.offset, it.queue.length, it.trailer, it.wantsWritable],
    [0, 0, 0, 0, undefined, false],
  )
})

test('a record is finished when both halves are final', () => {
  const it = record()
  assert.equal(it.finished, false)
  it.sending = 'ended'
  assert.equal(it.finished, false)
  it.receiving = 'reset'
  assert.equal(it.finished, true)
})

test('an id says who opened the stream, seen from the sender of the frame', () => {
  assert.equal(record(true, 3).id, 6)
  assert.equal(record(false, 3).id, 7)
  assert.equal(record().opened, false)
  assert.equal(record(true, 0).opened, true)
})

test('a table tells live, finished and never opened apart', () => {
  const table = new StreamTable()
  const mine = record(true, 1)
  const theirs = record(false, 2 ** 40)
  table.mine.set(1, mine)
  table.mineOpened = 2
  table.theirs.set(2 ** 40, theirs)
  table.theirsOpened = 2 ** 40 + 1
  assert.equal(table.find(3), mine)
  assert.equal(table.find(1), undefined)
  assert.equal(table.find(5), 'idle')
  assert.equal(table.find(2 ** 41), theirs)
  assert.equal(table.find(2 ** 31), undefined)
  assert.equal(table.find(2 ** 41 + 2), 'idle')
  assert.equal(table.size, 2)
  assert.deepEqual([...table.live()], [mine, theirs])
})

test('a record that owes several frames stands in the queue once', () => {
  const core = new Core(parseOptions(), true, false)
  const record = new StreamRecord(true, 3, undefined, 100, 100)
  for (const bit of [OWES_CREDIT, OWES_CREDIT, OWES_FIN]) core.owe(record, bit)
  assert.equal(core.dirty.size, 1)
  assert.equal(record.owes, OWES_CREDIT | OWES_FIN)
})
