import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Core } from './core.ts'
import { parseOptions } from './options.ts'
import {
  ENDING,
  MINE,
  OWES_CREDIT,
  OWES_FIN,
  REFILLS,
  SETTLED,
  StreamRecord,
  StreamTable,
  WANTS_WRITABLE,
} from './streams.ts'

function record(mine = true, number = -1): StreamRecord {
  const it = new StreamRecord(mine, 3, 100)
  it.number = number
  return it
}

test('a record at rest holds nothing but itself, whatever it was asked', () => {
  const it = record()
  it.dropQueue()
  it.emptied()
  assert.deepEqual(
    [it.queued, it.bits, it.outgoing, it.receive, it.rare],
    [0, MINE | SETTLED | ENDING, undefined, undefined, undefined],
  )
})

test('what waits is let go of with its last byte, unless its writer had to wait and will write on', () => {
  const it = record()
  const written = (bits: number): boolean => {
    it.bits |= bits
    const { outgoing = it.begin() } = it
    outgoing.push(new Uint8Array(1), false)
    outgoing.advance(1, 0, 1)
    it.emptied()
    return it.outgoing === undefined
  }
  assert.equal(written(0), true)
  assert.equal(written(REFILLS), false)
  assert.equal(written(0), true)
  assert.equal(written(REFILLS | ENDING), true)
})

test('a queue that is dropped leaves nothing', () => {
  const it = record()
  it.begin().push(new Uint8Array(10), false)
  it.seldom().trailer = { json: false, bytes: new Uint8Array(1) }
  it.bits |= WANTS_WRITABLE
  it.dropQueue()
  assert.deepEqual([it.queued, it.outgoing, it.rare?.trailer, it.has(WANTS_WRITABLE)], [0, undefined, undefined, false])
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
  const record = new StreamRecord(true, 3, 100)
  for (const bit of [OWES_CREDIT, OWES_CREDIT, OWES_FIN]) core.owe(record, bit)
  assert.equal(core.dirty.size, 1)
  assert.equal(record.owes, OWES_CREDIT | OWES_FIN)
})
