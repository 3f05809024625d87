// The verdicts on curves and on links: what they call flat, what they call missed, and what they refuse to judge.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Crossing } from './crossing.ts'
import { type Cell, verdicts as linkVerdicts } from './link-report.ts'
import { type Flat, from, markdown, measured, type Plot, type Point, verdicts } from './series.ts'

function plot(points: readonly Point[], flat?: Flat): Plot {
  const series = flat === undefined ? { name: 'a call', points } : { name: 'a call', points, flat }
  return { title: 'calls', x: 'streams', y: 'µs', series: [series] }
}

test('a curve is flat where it promises to be, however it begins', () => {
  const points: Point[] = [
    [1, 90],
    [100, 2],
    [1000, 2.5],
  ]
  assert.deepEqual(verdicts(plot(points, { from: 100, factor: 1.3 })), [
    {
      met: true,
      line: 'met    calls, a call, from 100 to 1,000: 2 to 2.5 µs, 1.25 times the least before, at most 1.3',
    },
  ])
  assert.equal(verdicts(plot(points, { from: 100, factor: 1.2 }))[0]?.met, false)
  // What gets cheaper is no cost; what then gets dearer is one.
  assert.equal(verdicts(plot(points, { from: 1, factor: 1.3 }))[0]?.met, true)
  assert.equal(verdicts(plot([...points, [10_000, 5]], { from: 1, factor: 2 }))[0]?.met, false)
})

test('ratios to a control are judged against it, and may be better', () => {
  const points: Point[] = [
    [1, 0.5],
    [10, 1.4],
  ]
  assert.equal(verdicts(plot(points, { from: 1, factor: 1.5, reference: 1 }))[0]?.met, true)
  assert.equal(verdicts(plot(points, { from: 1, factor: 1.3, reference: 1 }))[0]?.met, false)
})

test('what is nothing or less was not measured, and meets no promise', () => {
  for (const least of [0, -3]) {
    const points: Point[] = [
      [1, least],
      [10, 1],
    ]
    assert.equal(verdicts(plot(points, { from: 1, factor: 9 }))[0]?.met, false)
  }
})

test('one size shows no slope, and who promises nothing is not judged', () => {
  assert.deepEqual(verdicts(plot([[1, 1]], { from: 1, factor: 2 })), [])
  const points: Point[] = [
    [1, 1],
    [10, 99],
  ]
  assert.deepEqual(verdicts(plot(points)), [])
  assert.match(markdown(plot(points)), /\| 10 \| 99 \|/)
})

test('sizes that say nothing are left out, and plots that have no others', () => {
  const points: Point[] = [
    [1, -9],
    [10, 2],
  ]
  assert.deepEqual(from(10, points), [[10, 2]])
  assert.deepEqual(measured([plot(from(100, points))]), [])
  assert.deepEqual(measured([plot(points)]), [plot(points)])
})

/** Everybody gets `got` MiB/s over 10 Mbit/s, but for what is said of Braidwire. */
function cell(rttMs: number, got: number, ours: Partial<Crossing> = {}): Cell {
  const crossing = { firstMibPerS: got, steadyMibPerS: got, aloneMs: rttMs, p50Ms: rttMs, p99Ms: rttMs }
  return {
    link: { rttMs, mbit: 10, streams: 1 },
    crossings: { net: [crossing], braidwire: [{ ...crossing, ...ours }], 'braidwire-resume': [crossing] },
  }
}

const missed = (given: Cell): string[] => linkVerdicts([given]).flatMap(({ met, line }) => (met ? [] : [line]))

test('a link is judged against plain sockets over it', () => {
  assert.deepEqual(missed(cell(50, 1.19)), [])
  assert.match(
    missed(cell(50, 1.19, { steadyMibPerS: 1 })).join(),
    /^MISSED .*, Braidwire: steady 0.84 × plain sockets/,
  )
  assert.match(missed(cell(50, 1.19, { firstMibPerS: 1 })).join(), /Braidwire: first second 0.84/)
  assert.match(missed(cell(50, 1.19, { p50Ms: 60 })).join(), /Braidwire: call p50 beside 1.2/)
  assert.deepEqual(missed(cell(200, 1.19, { firstMibPerS: 0.1 })), [])
})

test('a link that plain sockets did not fill is not judged, and not met', () => {
  const verdict = linkVerdicts([cell(50, 0.5)])
  assert.equal(verdict.length, 1)
  assert.match(verdict[0]?.line ?? '', /^MISSED .* too busy to judge it$/)
})

test('whoever mistypes is told in a sentence', () => {
  for (const [program, args, sentence] of [
    ['main', ['--only', 'nobody'], 'nothing is called "nobody"'],
    ['main', ['--most', 'few'], '--most takes a whole number from 10 to 10000000, not few'],
    ['links', ['--only', '7/7'], 'there is no link 7/7: 10,50,200 ms by 10,100,1000 Mbit/s are'],
    ['links', ['--rounds', '0'], '--rounds takes a whole number from 1, not 0'],
  ] as const) {
    const path = fileURLToPath(new URL(`${program}.js`, import.meta.url))
    const { status, stderr } = spawnSync(process.execPath, [path, ...args], { encoding: 'utf8' })
    assert.equal(status, 2)
    assert.ok(stderr.startsWith(`${sentence}\n\nnpm run bench:`), stderr)
  }
})
