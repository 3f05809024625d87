// What one connection takes of a Budget, and that it gives back all of it, whatever happened to it in whatever order.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Budget, type BudgetOptions } from './budget.ts'
import type { Share } from './share.ts'

const MiB = 1024 * 1024

function used(budget: Budget): Record<string, number> {
  return Object.fromEntries(Object.entries(budget.stats()).map(([name, limit]) => [name, limit.used]))
}

const nothing = { bytes: 0, sessions: 0, sessionsPerAddress: 0, handshakes: 0, detached: 0, detachedBytes: 0 }

test('a share holds what it says last, and nothing after its end', () => {
  const budget = new Budget({ bytes: MiB })
  const [one, two] = [budget.dialled(), budget.dialled()]
  one.hold(MiB - 10)
  two.hold(9)
  assert.deepEqual([one.isShort, budget.refuses()], [false, undefined])
  two.hold(10)
  assert.equal(one.isShort, true)
  assert.equal(budget.refuses()?.code, 'BRAID_EXHAUSTED')
  assert.throws(() => budget.dialled(), { code: 'BRAID_EXHAUSTED', message: /limit bytes \(1048576\)/, executed: 'no' })
  one.end()
  one.end()
  one.hold(500)
  assert.deepEqual(used(budget), { ...nothing, bytes: 10, sessions: 1 })
  two.end()
  assert.deepEqual(used(budget), nothing)
})

test('so many sessions may wait for a transport, with so many bytes, and no more', () => {
  const budget = new Budget({ detached: 2, detachedBytes: 100 })
  const [a, b, c, d] = [budget.dialled(), budget.dialled(), budget.dialled(), budget.dialled()]
  assert.equal(a.detach(60), true)
  assert.equal(a.detach(60), true, 'it waits already')
  assert.equal(b.detach(41), false)
  assert.equal(c.detach(40), true)
  assert.equal(d.detach(0), false)
  const { detached, detachedBytes } = budget.stats()
  assert.deepEqual(
    [detached, detachedBytes],
    [
      { max: 2, used: 2, refused: 1 },
      { max: 100, used: 100, refused: 1 },
    ],
  )
  // What it holds while it waits counts as well.
  a.hold(70)
  assert.equal(budget.stats().detachedBytes.used, 110)
  a.attach()
  a.attach()
  c.end()
  assert.deepEqual(used(budget), { ...nothing, bytes: 70 + 41, sessions: 3 })
  a.end()
  assert.equal(a.detach(5), false)
  for (const share of [b, d]) share.end()
  assert.deepEqual(used(budget), nothing)
})

test('one that was refused becomes no session and takes no place but that of its handshake', () => {
  const budget = new Budget({ sessionsPerAddress: 1 })
  const [first, second, other] = [budget.accepted('a'), budget.accepted('a'), budget.accepted('b')] as Share[]
  assert.deepEqual([first?.refusal, other?.refusal], [undefined, undefined])
  assert.match(second?.refusal?.message ?? '', /the limit sessionsPerAddress \(1\) of the Budget is reached/)
  assert.equal(second?.enter(), second?.refusal)
  assert.deepEqual(used(budget), { ...nothing, sessionsPerAddress: 1, handshakes: 3 })
  first?.end()
  assert.equal(budget.accepted('a')?.refusal, undefined)
})

const limits: BudgetOptions = {
  bytes: MiB,
  sessions: 5,
  sessionsPerAddress: 3,
  handshakes: 3,
  detached: 2,
  detachedBytes: 300_000,
}

/** Everything that can happen to shares, in any order, also to those that are over. */
function runByChance(seed: number): void {
  let state = seed
  const roll = (sides: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648
    return Math.floor((state / 2147483648) * sides)
  }
  const budget = new Budget(limits)
  const shares: Share[] = []
  const begin = (): Share | undefined => {
    if (roll(3) > 0) return budget.accepted(`address ${roll(3)}`)
    return budget.refuses() === undefined ? budget.dialled() : undefined
  }
  for (let step = 0; step < 200; step++) {
    const share = shares[roll(Math.max(1, shares.length))]
    const move = roll(7)
    if (move <= 1 || share === undefined) {
      const begun = begin()
      if (begun === undefined) continue
      // One that is told to go goes some time later.
      begun.evict = () => (roll(2) === 0 ? begun.end() : undefined)
      shares.push(begun)
    } else if (move === 2) share.enter()
    else if (move === 3) share.hold(roll(400_000))
    else if (move === 4) share.detach(roll(200_000))
    else if (move === 5) share.attach()
    else share.end()
    const { sessions, sessionsPerAddress, handshakes, detached } = budget.stats()
    for (const { used, max } of [sessions, sessionsPerAddress, handshakes, detached]) {
      assert.ok(used >= 0 && used <= max, `seed ${seed}, step ${step}`)
    }
  }
  for (const share of shares) share.end()
  assert.deepEqual(used(budget), nothing, `seed ${seed}`)
}

test('whatever happens in whatever order, nothing is left when all are over, and no count leaves its bounds', () => {
  for (let seed = 1; seed <= 200; seed++) runByChance(seed)
})
