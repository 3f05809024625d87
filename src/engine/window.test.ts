import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WINDOW_MAX } from './options.ts'
import { granted, ReceiveWindow } from './window.ts'

test('credit is granted up to 2^30-1', () => {
  assert.equal(granted(10, WINDOW_MAX - 10), WINDOW_MAX)
  assert.throws(() => granted(WINDOW_MAX, 1), { code: 'BRAID_FLOW_CONTROL' })
})

test('a grant of nothing is a protocol error', () => {
  assert.throws(() => granted(10, 0), { code: 'BRAID_PROTOCOL' })
})

test('a receive window takes exactly what was granted', () => {
  const window = new ReceiveWindow(100)
  window.charge(100, 'stream')
  assert.equal(window.left, 0)
  assert.throws(() => window.charge(1, 'stream'), { code: 'BRAID_FLOW_CONTROL' })
})

test('credit goes back by quarters', () => {
  const window = new ReceiveWindow(100)
  window.charge(100, 'stream')
  assert.equal(window.consumed(24), false)
  assert.equal(window.consumed(1), true)
  assert.equal(window.grant(), 25)
  assert.equal(window.grant(), 0)
})

test('no credit is lost or made, whatever happens', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('charge', 'consume', 'grant', 'grow'), fc.nat({ max: 5000 })))
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), steps, (size, moves) => {
      const window = new ReceiveWindow(size)
      let grown = 0
      let unread = 0
      let charged = 0
      let granted = 0
      for (const [move, bytes] of moves) {
        if (move === 'charge') {
          const fits = Math.min(bytes, window.left)
          window.charge(fits, 'stream')
          unread += fits
          charged += fits
        } else if (move === 'consume') {
          const taken = Math.min(bytes, unread)
          window.consumed(taken)
          unread -= taken
        } else if (move === 'grant') granted += window.grant()
        else {
          window.grow(bytes)
          grown += bytes
        }
        assert.equal(window.size, size + grown)
        assert.equal(window.unread, unread)
        assert.equal(window.left, size + granted - charged)
        assert.ok(window.left + unread <= window.size)
      }
    }),
  )
})

test('a peer whose reader takes everything is never left without credit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 10_000 }), fc.array(fc.nat({ max: 5000 })), (size, sizes) => {
      const window = new ReceiveWindow(size)
      for (const bytes of sizes) {
        const fits = Math.min(bytes, window.left)
        window.charge(fits, 'stream')
        if (window.consumed(fits)) window.grant()
        assert.ok(window.left * 4 > size * 2)
      }
    }),
  )
})

test('a window grows to what was asked within size and pool, while the reader keeps up', () => {
  const window = new ReceiveWindow(10_000)
  assert.equal(window.growth(100_000, 100_000), 0)
  window.wanted = 50_000
  assert.equal(window.growth(100_000, 100_000), 0, 'nothing was ever read')
  window.consumed(0)
  assert.equal(window.growth(100_000, 100_000), 40_000)
  assert.equal(window.growth(30_000, 100_000), 20_000)
  assert.equal(window.growth(100_000, 5000), 5000)
  assert.equal(window.growth(5000, 100_000), 0)
  window.charge(5001, 'stream')
  assert.equal(window.growth(100_000, 100_000), 0)
  window.consumed(1)
  assert.equal(window.growth(100_000, 100_000), 40_000)
  window.grow(40_000)
  assert.equal(window.growth(100_000, 100_000), 0)
  assert.equal(window.grant(), 40_001)
})

test('a window does not grow by less than is worth a frame', () => {
  const window = new ReceiveWindow(10_000)
  window.wanted = 50_000
  window.consumed(0)
  assert.equal(window.growth(100_000, 1023), 0)
  assert.equal(window.growth(100_000, 1024), 1024)
})
