// What all sessions of a process may take together, seen from sessions over transports in memory.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { pair } from '../testing/pair.ts'
import { memory } from '../transports/memory.ts'
import { Budget, budgetBounds, sharedBudget } from './budget.ts'
import { LiveListener } from './listener.ts'
import type { Session } from './session.ts'
import { connectSession, startSession } from './start.ts'
import type { Stream } from './stream.ts'

const MiB = 1024 * 1024

test('a budget has every limit it was given, and defaults', () => {
  const stats = new Budget().stats()
  assert.deepEqual(Object.keys(stats), Object.keys(budgetBounds))
  for (const [name, { max, used, refused }] of Object.entries(stats)) {
    const { default: byDefault, min } = budgetBounds[name as keyof typeof stats]
    assert.deepEqual([max, used, refused], [byDefault, 0, 0], name)
    assert.equal(new Budget({ [name]: min }).stats()[name as keyof typeof stats].max, min)
    assert.equal(new Budget({ [name]: Number.POSITIVE_INFINITY }).stats()[name as keyof typeof stats].max, Infinity)
    for (const value of [min - 1, min + 0.5, Number.NaN]) {
      assert.throws(() => new Budget({ [name]: value }), {
        code: 'BRAID_INVALID_INPUT',
        message: new RegExp(`^${name} of a Budget takes a whole number from ${min}, or Infinity, not`),
      })
    }
  }
})

test('sessions that are given no budget share one', async () => {
  const before = sharedBudget().stats().sessions.used
  const [a, b] = pair()
  assert.equal(sharedBudget().stats().sessions.used, before + 2)
  await a.close()
  await b.closed
  assert.equal(sharedBudget().stats().sessions.used, before)
})

test('session that finds no place is not begun, and its transport is closed', async () => {
  const budget = new Budget({ sessions: 1 })
  const [near, far] = memory()
  const first = startSession(near, { budget })
  const [left, right] = memory()
  const gone = new Promise<void>((resolve) => {
    right.start({ bytes: () => {}, drained: () => {}, closed: () => resolve() })
  })
  const refused = { code: 'BRAID_EXHAUSTED', initiator: 'local', executed: 'no', message: /the limit sessions \(1\)/ }
  await assert.rejects(connectSession(left, { budget }), refused)
  await gone
  assert.throws(() => startSession(memory()[0], { budget }), refused)
  far.start({ bytes: () => {}, drained: () => {}, closed: () => {} })
  await first.close()
  assert.deepEqual(budget.stats().sessions, { max: 1, used: 0, refused: 2 })
})

test('session gives back its place when its transport cannot even start', () => {
  const budget = new Budget()
  const transport = memory()[0]
  transport.start = () => {
    throw new Error('broken')
  }
  assert.throws(() => startSession(transport, { budget }), /broken/)
  assert.equal(budget.stats().sessions.used, 0)
})

/** Writes until the window is full, to a reader that does not read. */
async function fill(session: Session, streams: number, bytes: number): Promise<Stream[]> {
  const opened = Array.from({ length: streams }, () => session.open('unread'))
  for (const stream of opened) stream.write(new Uint8Array(bytes))
  await session.ping()
  return opened
}

function empty(stream: Stream): void {
  while (stream.read() !== null);
}

test('bytes that nobody reads, that cannot go and that are put together count, until they are gone', async () => {
  const budget = new Budget()
  const [a, b] = pair({}, { budget })
  const unread: Stream[] = []
  b.handle('unread', (stream) => void unread.push(stream))
  await fill(a, 3, 50_000)
  await turn()
  assert.equal(budget.stats().bytes.used, 150_000)
  assert.equal(b.stats().memory, 150_000)
  for (const stream of unread) empty(stream)
  await b.ping()
  assert.equal(budget.stats().bytes.used, 0)

  let answer: (bytes: Uint8Array) => void = () => {}
  b.handleCall('large', () => new Promise((resolve) => (answer = resolve)))
  const call = a.call('large', new Uint8Array(200_000))
  while (budget.stats().bytes.used < 200_000) await turn()
  answer(new Uint8Array(1))
  await call
  await b.ping()
  assert.equal(budget.stats().bytes.used, 0)

  const stuck = b.open('unread')
  a.handle('unread', () => {})
  stuck.write(new Uint8Array(100_000))
  await b.ping()
  assert.equal(budget.stats().bytes.used, 100_000 - 65_536)
  await a.close()
  await b.closed
  assert.equal(budget.stats().bytes.used, 0)
})

test('calls that wait for a handler count', async () => {
  const budget = new Budget()
  const [a, b] = pair({}, { budget })
  const call = a.call('later', new Uint8Array(5000))
  await a.ping()
  await turn()
  assert.equal(budget.stats().bytes.used, 5000)
  b.handleCall('later', (bytes) => bytes.slice(0, 1))
  await call
  await b.ping()
  assert.equal(budget.stats().bytes.used, 0)
  await a.close()
})

test('when memory is short windows do not grow, bytes flow all the same, and nobody new comes in', async () => {
  const budget = new Budget({ bytes: MiB })
  const [a, b] = pair({}, { budget })
  const [c, d] = pair({}, { budget })
  const unread: Stream[] = []
  b.handle('unread', (stream) => void unread.push(stream))
  await fill(a, 20, 60_000)
  await turn()
  assert.ok(budget.stats().bytes.used >= MiB)
  assert.throws(() => startSession(memory()[0], { budget }), { code: 'BRAID_EXHAUSTED', message: /the limit bytes/ })

  let read = 0
  d.handle('bulk', (stream) =>
    stream.receive({ data: (bytes) => (read += bytes.length), end: () => {}, failed: () => {} }),
  )
  await transfer(c, 8 * MiB)
  assert.equal(read, 8 * MiB)
  assert.equal(d.stats().limits.growthPool?.used, 0)
  assert.ok((d.stats().limits.growthPool?.refused ?? 0) > 0)

  for (const stream of unread) empty(stream)
  await b.ping()
  await d.ping()
  startSession(memory()[0], { budget })
  await Promise.all([a.close(), c.close()])
})

async function transfer(session: Session, bytes: number): Promise<void> {
  const stream = session.open('bulk')
  for (let sent = 0; sent < bytes; sent += 256 * 1024) if (!stream.write(new Uint8Array(256 * 1024))) await stream.ready
  stream.end()
  await stream.ready
  await session.ping()
}

/** Arrivals, work and ends by chance, at both ends of one Budget; afterwards nothing may be left. */
async function runByChance(seed: number): Promise<void> {
  let state = seed
  const roll = (sides: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648
    return Math.floor((state / 2147483648) * sides)
  }
  const budget = new Budget({ bytes: MiB, sessions: 7, sessionsPerAddress: 4, handshakes: 3 })
  const accepted: Session[] = []
  const listener = new LiveListener((session) => void accepted.push(session), { budget })
  const dialled: Session[] = []
  const strangers: (() => void)[] = []
  for (let step = 0; step < 60; step++) {
    const all = [...dialled, ...accepted].filter((session) => session.state === 'ready')
    const session = all[roll(Math.max(1, all.length))]
    const move = roll(10)
    if (move <= 2) {
      const [near, far] = memory()
      listener.accept(far)
      // Some say nothing.
      if (roll(4) === 0) {
        near.start({ bytes: () => {}, drained: () => {}, closed: () => {} })
        strangers.push(() => near.close())
      } else
        await connectSession(near, roll(2) === 0 ? { budget } : {}).then(
          (it) => dialled.push(it),
          () => {},
        )
    } else if (session === undefined) continue
    else if (move <= 5) session.open('unread').write(new Uint8Array(roll(200_000)))
    else if (move === 6) session.call('nobody', new Uint8Array(roll(100_000))).catch(() => {})
    else if (move === 7)
      void session.take('unread').then(
        (stream) => stream.read() ?? stream.reset(64),
        () => {},
      )
    else if (move === 8) await turn()
    else await session.close(roll(2) === 0 ? 0 : 'INTERNAL')
  }
  for (const leave of strangers) leave()
  await Promise.all(dialled.map((session) => session.close()))
  await listener.close()
  const left = Object.entries(budget.stats()).map(([name, { used }]) => `${name} ${used}`)
  assert.deepEqual(
    left,
    Object.keys(budgetBounds).map((name) => `${name} 0`),
    `seed ${seed}`,
  )
}

test('nothing is left of sessions that are over, in whatever order they came, worked and went', async () => {
  for (let seed = 1; seed <= 60; seed++) await runByChance(seed)
})
