import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RoundTrips } from './round-trips.ts'

test('nothing is known before the first', () => {
  const trips = new RoundTrips()
  assert.deepEqual([trips.known, trips.recent, trips.latest, trips.shortest], [false, undefined, undefined, Infinity])
})

test('the smallest of the last eight is what a person is told', () => {
  const trips = new RoundTrips()
  for (const ms of [1, 9, 8, 7, 6, 5, 4, 3]) trips.add(ms, 0)
  assert.deepEqual([trips.recent, trips.latest], [1, 3])
  trips.add(10, 0)
  assert.deepEqual([trips.recent, trips.latest], [3, 10])
})

test('the shortest is remembered for ten seconds at least and twenty at most', () => {
  const trips = new RoundTrips()
  trips.add(5, 50_000)
  for (let now = 50_000; now < 70_000; now += 100) {
    trips.add(8, now)
    assert.equal(trips.shortest, 5)
  }
  trips.add(8, 70_000)
  assert.equal(trips.shortest, 8)
})

test('a path that has become longer is believed at once, and a shorter one too', () => {
  const trips = new RoundTrips()
  trips.add(5, 1000)
  trips.restart(50)
  assert.equal(trips.shortest, 50)
  trips.add(20, 1001)
  assert.equal(trips.shortest, 20)
})

test('a clock that is set back tells no round trip and stops no memory', () => {
  const trips = new RoundTrips()
  trips.add(5, 100_000)
  trips.add(-99_000, 1000)
  assert.deepEqual([trips.shortest, trips.latest], [5, 5])
  for (let now = 1000; now <= 21_000; now += 100) trips.add(9, now)
  assert.equal(trips.shortest, 9)
})
