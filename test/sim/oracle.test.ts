// The simulator itself: every seeded fault is noticed, every failure can be seen again, and time and chance are exact.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Clock } from './clock.ts'
import { runEngines } from './engines.ts'
import { faults } from './faults.ts'
import { Prng } from './prng.ts'
import { runSeed } from './run.ts'

const SEEDS_MAX = 150

for (const [name, fault] of Object.entries(faults)) {
  test(`the simulator notices ${name}`, () => {
    let failure: string | undefined
    for (let seed = 1; seed <= SEEDS_MAX && failure === undefined; seed++)
      failure = runEngines(seed, { faults: fault }).failure
    assert.match(failure ?? 'nothing noticed', /^seed \d+, step \d+, .* \| npm run sim -- --seed \d+ --trace$/)
  })
}

test('a seed stands for one run, byte for byte', async () => {
  for (const seed of [1, 2, 3, 77, 1024]) {
    const lines: string[] = []
    const first = await runSeed(seed, { hash: true, trace: (line) => lines.push(line) })
    const second = await runSeed(seed, { hash: true })
    assert.equal(first.hash, second.hash)
    assert.deepEqual({ ...first, hash: '' }, await runSeed(seed))
    assert.ok(lines.length > 10)
  }
})

test('two seeds stand for two runs', async () => {
  const hashes = new Set<string>()
  for (const seed of [1, 2, 3, 4, 5]) hashes.add((await runSeed(seed, { hash: true })).hash)
  assert.equal(hashes.size, 5)
})

test('a generator gives the same numbers for the same seed and lane, and others for another', () => {
  const draw = (seed: number, lane: number): number[] => {
    const random = new Prng(seed, lane)
    return Array.from({ length: 8 }, () => random.uint32())
  }
  assert.deepEqual(draw(5, 1), draw(5, 1))
  assert.notDeepEqual(draw(5, 1), draw(5, 2))
  assert.notDeepEqual(draw(5, 1), draw(6, 1))
  assert.notDeepEqual(draw(5, 1), draw(5 + 2 ** 32, 1))
})

test('a generator stays within its bounds and reaches them', () => {
  const random = new Prng(1)
  const whole = new Set(Array.from({ length: 1000 }, () => random.int(-2, 3)))
  assert.deepEqual(
    [...whole].sort((a, b) => a - b),
    [-2, -1, 0, 1, 2, 3],
  )
  const skewed = Array.from({ length: 20_000 }, () => random.skewed(5, 500))
  assert.equal(Math.min(...skewed), 5)
  assert.ok(Math.max(...skewed) > 480 && Math.max(...skewed) <= 500)
  assert.equal(random.skewed(7, 7), 7)
})

test('a clock runs actions by time, and by order where the time is the same', () => {
  const clock = new Clock()
  const random = new Prng(9)
  const due: [number, number][] = []
  const ran: [number, number][] = []
  for (let order = 0; order < 500; order++) {
    const time = random.int(0, 40)
    due.push([time, order])
    clock.at(time, () => {
      assert.equal(clock.now, time)
      ran.push([time, order])
    })
  }
  while (clock.step()) {}
  assert.deepEqual(
    ran,
    due.sort(([a, x], [b, y]) => a - b || x - y),
  )
})

test('a clock does not count idle timers as something to come', () => {
  const clock = new Clock()
  clock.at(5, () => undefined, true)
  assert.equal(clock.busy, 0)
  clock.after(1, () => undefined)
  assert.equal(clock.busy, 1)
  assert.equal(clock.step(), true)
  assert.equal(clock.busy, 0)
  assert.equal(clock.step(), true)
  assert.equal(clock.step(), false)
})
