// Speed, windows and fairness in virtual time: what a long fast link, a stalled reader and many equal streams must give.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GBIT, Link, total } from './link.ts'
import { Fields, Type, varintLength } from './wire.ts'

const KiB = 1024

test('one stream fills nine tenths of 1 Gbit at 50 ms after ten round trips', () => {
  const link = new Link({ rttMs: 50, bytesPerMs: GBIT })
  link.open('bulk', 64 * KiB)
  link.run(500)
  const share = total(link.measure(1000)) / GBIT
  assert.ok(share >= 0.9, `${(share * 100).toFixed(1)} % of the link`)
})

for (const [rttMs, bytesPerMs] of [
  [0.1, GBIT],
  [10, GBIT / 10],
  [50, GBIT / 100],
  [200, GBIT / 10],
] as const) {
  test(`one stream fills nine tenths of ${(bytesPerMs * 8) / 1000} Mbit at ${rttMs} ms after ten round trips`, () => {
    const link = new Link({ rttMs, bytesPerMs })
    link.open('bulk', 64 * KiB)
    const warm = Math.max(10 * rttMs, 300)
    link.run(warm)
    const share = total(link.measure(2 * warm)) / bytesPerMs
    assert.ok(share >= 0.9, `${(share * 100).toFixed(1)} % of the link`)
  })
}

/** Runs the link and returns the largest window any stream, and how far all together, had beyond the first. */
function windows(link: Link, first: number, untilMs: number): { largest: number; grown: number } {
  const side = link.monitor.sides[0]
  let largest = 0
  let grown = 0
  link.monitor.onFrame = (from, frame) => {
    if (from !== 1 || frame.type !== Type.CREDIT) return
    let sum = 0
    for (const [id, half] of side.halves) {
      const flow = [...link.flows.values()][id / 2]
      const granted = Math.max(0, first + half.given - (flow?.stalled ? 0 : (flow?.received ?? 0)))
      largest = Math.max(largest, granted)
      sum += Math.max(0, granted - first)
    }
    grown = Math.max(grown, sum)
  }
  link.run(untilMs)
  return { largest, grown }
}

test('a window grows no further than streamWindowMax', () => {
  const streamWindowMax = 1024 * KiB
  const link = new Link({ rttMs: 50, bytesPerMs: GBIT, options: { streamWindowMax } })
  link.open('bulk', 64 * KiB)
  const { largest } = windows(link, 64 * KiB, 2000)
  assert.ok(largest > streamWindowMax / 2, `grew to ${largest}`)
  assert.ok(largest <= streamWindowMax, `grew to ${largest}`)
})

test('windows together grow no further than growthPool', () => {
  const growthPool = 1024 * KiB
  const link = new Link({ rttMs: 50, bytesPerMs: GBIT, options: { growthPool } })
  for (let index = 0; index < 10; index++) link.open(`bulk-${index}`, 64 * KiB)
  const { grown } = windows(link, 64 * KiB, 2000)
  assert.ok(grown > growthPool / 2, `grew by ${grown}`)
  assert.ok(grown <= growthPool, `grew by ${grown}`)
})

function hundred(stalled: boolean): number {
  const link = new Link({ rttMs: 10, bytesPerMs: GBIT })
  for (let index = 0; index < 99; index++) link.open(`stream-${index}`, 20_000)
  if (stalled) link.open('stalled', 64 * KiB, 3, true)
  link.run(200)
  return total(link.measure(700))
}

test('a stalled stream does not slow the other 99', () => {
  const alone = hundred(false)
  const beside = hundred(true)
  assert.ok(beside >= 0.95 * alone, `${beside.toFixed(0)} beside it, ${alone.toFixed(0)} bytes/ms without`)
})

test('a sender uses the window it was given to the byte, whether it opened before or after the HELLO', () => {
  const streamWindow = 100_001
  const link = new Link({ rttMs: 10, bytesPerMs: GBIT, options: { streamWindow, growthPool: 0 } })
  const early = link.open('early', 30_000, 3, true)
  link.run(100)
  const late = link.open('late', 30_000, 3, true)
  link.run(200)
  assert.deepEqual([early.received, late.received], [streamWindow, streamWindow])
})

test('as many streams open at once as the peer takes, and the next when one has ended', () => {
  const link = new Link({ rttMs: 10, bytesPerMs: GBIT, options: { maxStreams: 100 } })
  const flows = Array.from({ length: 102 }, (_, index) => link.open(`stream-${index}`, 10, 3, true, 10))
  link.run(100)
  assert.equal(flows.filter(({ received }) => received > 0).length, 100)
  link.end('stream-7')
  link.run(200)
  assert.equal(flows.filter(({ received }) => received > 0).length, 101)
})

test('streams together use the session window to the byte', () => {
  const sessionWindow = 300_001
  const link = new Link({ rttMs: 10, bytesPerMs: GBIT, options: { sessionWindow } })
  for (let index = 0; index < 9; index++) link.open(`stalled-${index}`, 30_000, 3, true)
  link.run(200)
  assert.equal(
    [...link.flows.values()].reduce((sum, { received }) => sum + received, 0),
    sessionWindow,
  )
})

test('a stalled stream costs no more than a mebibyte', () => {
  const link = new Link({ rttMs: 10, bytesPerMs: GBIT })
  const flow = link.open('stalled', 64 * KiB, 3, true)
  link.open('bulk', 64 * KiB)
  link.run(1000)
  assert.ok(flow.received <= 1024 * KiB, `${flow.received} bytes, none of them read`)
})

test('equal streams get equal bytes, whatever the size of their pieces', () => {
  const link = new Link({ rttMs: 10, bytesPerMs: GBIT / 10 })
  const pieces = [100, 1000, 5000, 16_384, 65_536, 200_000, 7, 333, 40_000, 131_072]
  for (const [index, piece] of pieces.entries()) link.open(`stream-${index}`, piece)
  link.run(500)
  const rates = [...link.measure(2500).values()]
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length
  for (const [index, rate] of rates.entries()) {
    assert.ok(Math.abs(rate / mean - 1) < 0.1, `pieces of ${pieces[index]}: ${(rate / mean).toFixed(3)} of the mean`)
  }
})

test('no stream that has data and credit waits for more than two turns of every other', () => {
  const link = new Link({ rttMs: 1, bytesPerMs: GBIT, options: { streamWindow: 1024 * KiB } })
  const count = 12
  for (let index = 0; index < count; index++) link.open(`stream-${index}`, 1000 * (index + 1))
  const side = link.monitor.sides[0]
  const waited = new Map<number, number>()
  let longest = 0
  link.run(100)
  link.monitor.onFrame = (from, frame) => {
    if (from !== 0 || frame.type !== Type.DATA) return
    const id = new Fields(frame.body).varint()
    const bytes = frame.length - varintLength(frame.body[0] as number)
    for (const other of side.halves.keys()) {
      const hungry = other !== id && side.streamCredit(side.half(other)) > 0
      waited.set(other, hungry ? (waited.get(other) ?? 0) + bytes : 0)
      longest = Math.max(longest, waited.get(other) ?? 0)
    }
  }
  link.run(600)
  const turns = longest / (count * 64 * KiB)
  assert.ok(turns <= 2, `${longest} bytes of others, ${turns.toFixed(2)} turns of each`)
})

test('an urgent stream overtakes what waits, and the others still get their sixteenth', () => {
  const link = new Link({ rttMs: 10, bytesPerMs: GBIT / 10 })
  link.open('bulk', 64 * KiB, 7)
  link.run(500)
  const urgent = link.open('urgent', 64 * KiB, 0)
  const rates = link.measure(2000)
  link.run(2500)
  const share = (name: string): number => (rates.get(name) ?? 0) / (GBIT / 10)
  // Ahead of it lies only what was handed over: at most twice the path and the transport's buffer.
  assert.ok(urgent.firstAt - urgent.openedAt < 150, `the first byte took ${urgent.firstAt - urgent.openedAt} ms`)
  // A writer refills between flushes, so an urgent one gets at least what its write buffer is of a flush: a half here.
  assert.ok(share('urgent') > 0.45, `the urgent one got ${share('urgent').toFixed(3)} of the link`)
  assert.ok(share('bulk') > 1 / 20, `bulk got ${share('bulk').toFixed(3)} of the link`)
})

test('calls beside a saturating stream wait for no more than what is in flight', () => {
  const link = new Link({ rttMs: 10, bytesPerMs: GBIT, socketBytes: 64 * KiB })
  link.open('bulk', 64 * KiB)
  for (let at = 200; at < 1000; at += 10) link.clock.at(at, () => link.call())
  link.run(1100)
  const sorted = [...link.callMs].sort((a, b) => a - b)
  assert.equal(sorted.length, 80)
  const inFlight = link.sender.engine.stats().inFlightMax / GBIT
  assert.ok((sorted.at(-1) ?? 0) <= 10 + inFlight + 2, `slowest ${sorted.at(-1)} ms, ${inFlight} ms in flight`)
})
