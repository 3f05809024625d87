import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Flow, type Schedulable, Scheduler } from './scheduler.ts'

class Item implements Schedulable {
  readonly name: string
  readonly stream: Flow
  next: Schedulable | undefined = undefined
  previous: Schedulable | undefined = undefined
  scheduled = false
  queued = 0
  ending = false
  deficit = 0
  jumped = false
  sent = 0

  constructor(name: string, urgency = 3) {
    this.name = name
    this.stream = { urgency, lastTurn: -1 }
  }
}

/** Sends frames of up to `most` bytes for a while, as output does for streams that always have more. */
function run(scheduler: Scheduler<Item>, bytes: number, most: (item: Item) => number): void {
  for (let sent = 0; sent < bytes; ) {
    const item = scheduler.next() as Item
    const size = Math.min(most(item), item.deficit)
    item.deficit -= size
    item.sent += size
    sent += size
    if (item.deficit <= 0) scheduler.done(item)
  }
}

test('streams of one urgency share by bytes, whatever the size of their chunks', () => {
  const sizes = fc.array(fc.integer({ min: 1000, max: 65_536 }), { minLength: 2, maxLength: 20 })
  fc.assert(
    fc.property(sizes, (chunks) => {
      const scheduler = new Scheduler<Item>()
      const items = chunks.map((size) => new Item(`${size}`))
      for (const item of items) scheduler.join(item)
      run(scheduler, 5_000_000, (item) => Number(item.name))
      const sent = items.map((item) => item.sent)
      assert.ok(Math.max(...sent) - Math.min(...sent) <= 2 * 65_536, sent.join(' '))
    }),
    { numRuns: 50 },
  )
})

test('the urgent go first, the others keep one turn in sixteen', () => {
  const scheduler = new Scheduler<Item>()
  const urgent = new Item('urgent', 0)
  const low = [new Item('5', 5), new Item('6', 6), new Item('7', 7)]
  for (const item of [...low, urgent]) scheduler.join(item)
  run(scheduler, 160 * 65_536, () => 16_384)
  assert.equal(urgent.sent, 150 * 65_536)
  for (const item of low) assert.ok(item.sent >= 3 * 65_536 && item.sent <= 4 * 65_536, `${item.sent}`)
})

test('the turn that is given away is one turn of one stream', () => {
  const scheduler = new Scheduler<Item>()
  const urgent = new Item('urgent', 0)
  for (const item of [urgent, new Item('5', 5), new Item('6', 6)]) scheduler.join(item)
  run(scheduler, 15 * 65_536, () => 65_536)
  const names = new Set<string>()
  for (let i = 0; i < 4; i++) {
    const item = scheduler.next() as Item
    names.add(item.name)
    item.deficit -= 16_384
    if (item.deficit <= 0) scheduler.done(item)
  }
  assert.deepEqual([...names], ['5'])
  assert.equal(scheduler.next(), urgent)
})

test('with one urgency there is nobody to give a turn to', () => {
  const scheduler = new Scheduler<Item>()
  const only = new Item('only')
  scheduler.join(only)
  run(scheduler, 40 * 65_536, () => 65_536)
  assert.equal(only.sent, 40 * 65_536)
})

test('a stream that comes back from a rest goes first, one that has just had a turn does not', () => {
  const scheduler = new Scheduler<Item>()
  const bulk = [new Item('a'), new Item('b')]
  const sparse = new Item('sparse')
  for (const item of bulk) scheduler.join(item)
  run(scheduler, 4 * 65_536, () => 65_536)
  scheduler.join(sparse)
  assert.equal(scheduler.next(), sparse)
  scheduler.turned(sparse)
  scheduler.leave(sparse)
  scheduler.join(sparse)
  assert.notEqual(scheduler.next(), sparse)
  scheduler.leave(sparse)
  run(scheduler, 2 * 65_536, () => 65_536)
  scheduler.join(sparse)
  assert.equal(scheduler.next(), sparse)
})

test('turns are long among few and short among many', () => {
  const scheduler = new Scheduler<Item>()
  for (let i = 0; i < 8; i++) scheduler.join(new Item(`${i}`))
  assert.equal(scheduler.quantum, 65_536)
  scheduler.join(new Item('8'))
  assert.equal(scheduler.quantum, 16_384)
})

test('an empty scheduler has no turn to give', () => {
  assert.equal(new Scheduler<Item>().next(), undefined)
})

test('whoever has joined and not left has a turn before long, whoever left has none', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('join', 'leave', 'turn', 'turn'), fc.nat({ max: 9 })), {
    maxLength: 300,
  })
  fc.assert(
    fc.property(steps, (moves) => {
      const scheduler = new Scheduler<Item>()
      const items = Array.from({ length: 10 }, (_, i) => new Item(`${i}`, i % 8))
      const inside = new Set<Item>()
      const turn = () => {
        const item = scheduler.next()
        if (item === undefined) return assert.equal(inside.size, 0)
        assert.ok(inside.has(item))
        assert.ok(item.deficit > 0)
        item.deficit = 0
        item.sent++
        scheduler.done(item)
      }
      for (const [move, index] of moves) {
        const item = items[index]
        if (move === 'join') {
          scheduler.join(item)
          scheduler.join(item)
          inside.add(item)
        } else if (move === 'leave') {
          scheduler.leave(item)
          scheduler.leave(item)
          inside.delete(item)
        } else turn()
        assert.equal(scheduler.size, inside.size)
      }
      for (const item of items) item.sent = 0
      for (let i = 0; i < 16 * 8 * 10; i++) turn()
      for (const item of inside) assert.ok(item.sent > 0, item.name)
    }),
  )
})

test('sixteen may go first in a burst; the turn of one that did not allows one more', () => {
  const scheduler = new Scheduler<Item>()
  const went = Array.from({ length: 19 }, () => {
    const item = new Item('new')
    scheduler.join(item)
    const first = item.jumped
    scheduler.turned(item)
    scheduler.leave(item)
    return first
  })
  assert.deepEqual(went, [...Array(16).fill(true), false, true, false])
})

test('a flow of newcomers does not starve one that waits its turn', () => {
  const scheduler = new Scheduler<Item>()
  const bulk = new Item('bulk')
  scheduler.join(bulk)
  for (let i = 0; i < 200; i++) scheduler.join(new Item(`new ${i}`))
  let turns = 0
  for (let i = 0; i < 2000; i++) {
    const item = scheduler.next() as Item
    if (item === bulk) {
      turns++
      scheduler.done(item)
    } else {
      scheduler.turned(item)
      scheduler.leave(item)
      scheduler.join(new Item('next'))
    }
  }
  assert.ok(turns >= 4, `${turns} turns`)
})

test('one that comes with little goes first, one with much waits for its turn', () => {
  const scheduler = new Scheduler<Item>()
  const [first, much, little] = [new Item('first'), new Item('much'), new Item('little')]
  for (const item of [first, much]) item.queued = 1_000_000
  scheduler.join(first)
  scheduler.join(much)
  for (const item of [first, much]) {
    assert.equal(scheduler.next(), item)
    scheduler.done(item)
  }
  little.queued = 1_000
  scheduler.join(little)
  assert.equal(scheduler.next(), little)
  scheduler.turned(little)
  scheduler.leave(little)
  assert.equal(scheduler.next(), first)
})

test('all that wait are ending: counted as they come, end and go, and not in a turn that is given away', () => {
  const scheduler = new Scheduler<Item>()
  const [one, other] = [new Item('one'), new Item('other')]
  scheduler.end(one)
  scheduler.join(one)
  assert.equal(scheduler.allEnding, true)
  scheduler.join(other)
  assert.equal(scheduler.allEnding, false)
  scheduler.end(other)
  scheduler.end(other)
  assert.equal(scheduler.allEnding, true)
  scheduler.leave(one)
  assert.equal(scheduler.allEnding, true)
  for (let turns = 0; turns < 15; turns++) {
    assert.equal(scheduler.allEnding, true)
    scheduler.done(other)
  }
  assert.equal(scheduler.allEnding, false)
})
