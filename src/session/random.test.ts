// Random work over a pair: streams read in every way, calls of every size, resets, and an end at any moment.
// Whatever happens, bytes come in order, everything settles, and nothing is left behind.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BraidError } from '../engine/errors.ts'
import { ManualClock, pair } from '../testing/pair.ts'
import { Budget } from './budget.ts'
import type { Session } from './session.ts'
import type { Stream } from './stream.ts'

type Roll = (sides: number) => number

/** Small linear congruential generator: the same run each time. */
function dice(seed: number): Roll {
  let state = seed
  return (sides) => {
    state = (state * 1103515245 + 12345) % 2147483648
    return Math.floor((state / 2147483648) * sides)
  }
}

const SIZES = [0, 1, 10, 100, 2000, 20_000, 70_000, 300_000]

/** Bytes that tell their place, so that a reader sees a gap. */
function counted(from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (from + i) % 251
  return bytes
}

/** Checks what a reader gets against the count. */
class Checker {
  count = 0
  take(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte !== this.count % 251) assert.fail(`a gap at ${this.count}`)
      this.count++
    }
  }
}

const settled = (promise: Promise<unknown>): Promise<unknown> => promise.then(undefined, () => undefined)

/** Writes, then ends, resets or leaves it. */
async function write(stream: Stream, roll: Roll, messages: boolean): Promise<void> {
  let sent = 0
  try {
    for (let i = roll(12); i > 0; i--) {
      const chunk = counted(sent, SIZES[roll(SIZES.length)] as number)
      sent += chunk.length
      const more = messages ? stream.send(chunk) : stream.write(chunk)
      if (!more) await stream.ready
    }
  } catch {
    return
  }
  const last = roll(8)
  if (last === 0) stream.reset(64 + roll(10), 'by chance')
  else if (last === 1) stream.end({ sent })
  else stream.end()
}

/** Reads in one of the ways, perhaps not to the end. */
async function read(stream: Stream, roll: Roll): Promise<void> {
  const check = new Checker()
  const patience = roll(4) === 0 ? roll(5) : Number.POSITIVE_INFINITY
  let steps = 0
  const way = roll(5)
  if (way === 4) {
    await new Promise<void>((resolve) => {
      stream.receive({
        data: (bytes) => {
          check.take(bytes)
          if (++steps > patience) stream.stop('CANCELLED')
          else if (roll(4) === 0) {
            stream.pause()
            queueMicrotask(() => stream.resume())
          }
        },
        end: () => resolve(),
        failed: () => resolve(),
      })
    })
    return
  }
  try {
    if (way === 0) {
      while (await stream.readable()) {
        for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) check.take(chunk)
        if (++steps > patience) stream.stop('CANCELLED')
      }
      return
    }
    if (way === 1) {
      for await (const batch of stream.batches()) {
        for (const chunk of batch) check.take(chunk)
        if (++steps > patience) break
      }
      return
    }
    for await (const chunk of stream.name === 'messages' ? stream.messages() : stream) {
      check.take(chunk)
      if (++steps > patience) break
    }
  } catch (error) {
    assert.match((error as BraidError).code ?? String(error), /^BRAID_/)
  }
}

function serve(session: Session, roll: Roll, work: Promise<unknown>[]): void {
  session.handle('*', async (stream) => {
    work.push(settled(stream.closed))
    if (roll(20) === 0) throw new Error('by chance')
    await Promise.all([read(stream, roll), write(stream, roll, stream.name === 'messages')])
  })
  session.handleCall('echo', async (bytes, { signal }) => {
    if (roll(10) === 0) throw new Error('by chance')
    if (roll(3) === 0) await session.ping()
    return signal.aborted ? new Uint8Array(0) : bytes
  })
  session.handleMessage(() => {})
}

/** One thing a side does of itself. */
function act(session: Session, roll: Roll, work: Promise<unknown>[]): void {
  const controller = new AbortController()
  if (roll(6) === 0) queueMicrotask(() => queueMicrotask(() => controller.abort()))
  const { signal } = controller
  const action = roll(5)
  if (action === 0) {
    const bytes = counted(0, SIZES[roll(SIZES.length)] as number)
    const check = (result: Uint8Array): void => {
      if (!signal.aborted) assert.deepEqual(result, bytes)
    }
    work.push(session.call('echo', bytes, { signal }).then(check, (error) => assert.match(error.code, /^BRAID_/)))
  } else if (action === 1) work.push(settled(session.message(counted(0, roll(100)))))
  else {
    const name = roll(2) === 0 ? 'messages' : 'bytes'
    const stream = session.open(name, { signal, confirm: roll(2) === 0, meta: { roll: roll(9) }, urgency: roll(8) })
    work.push(settled(stream.accepted), settled(stream.closed))
    work.push(write(stream, roll, name === 'messages'), read(stream, roll))
  }
}

async function run(seed: number): Promise<void> {
  const roll = dice(seed)
  const clock = new ManualClock()
  const budget = new Budget()
  const [a, b] = pair({ clock, budget, streamWindow: 16_384 * (1 + roll(4)), maxStreams: 32, maxFrame: 16_384 })
  const sides = [a, b]
  const work: Promise<unknown>[] = [settled(a.closed), settled(b.closed)]
  for (const side of sides) serve(side, roll, work)
  const early = roll(3) === 0 ? roll(40) : Number.POSITIVE_INFINITY
  for (let step = 0; step < 40; step++) {
    if (step === early) break
    const side = sides[roll(2)] as Session
    act(side, roll, work)
    if (roll(3) === 0) await side.ping()
  }
  if (early !== Number.POSITIVE_INFINITY) await (sides[roll(2)] as Session).close(roll(2) === 0 ? 0 : 'INTERNAL')
  else {
    // Streams whose writer gave up without an end stay open until somebody drains: the time for that runs out at once.
    const report = a.drain(1000)
    while (a.state !== 'closed' && (await quietly(a))) if (idle(a) && idle(b)) clock.advance(1000)
    await report
  }
  await Promise.all(work)
  for (const side of sides) {
    await side.closed
    assert.equal(side.stats().limits.maxAssembled?.used, 0, `seed ${seed}`)
  }
  assert.equal(clock.pending, 0, `seed ${seed}`)
  const { bytes, sessions } = budget.stats()
  assert.deepEqual([bytes.used, sessions.used], [0, 0], `seed ${seed}`)
}

/** A round trip, or false if the session ended meanwhile. */
async function quietly(session: Session): Promise<boolean> {
  return session.ping().then(
    () => true,
    () => false,
  )
}

const counts = new WeakMap<Session, number>()

/** Nothing but pings came since it was asked last. */
function idle(session: Session): boolean {
  const { framesIn, bytesIn } = session.stats()
  const key = bytesIn - framesIn
  const before = counts.get(session)
  counts.set(session, key)
  return before !== undefined && key - before < 64
}

test('random work settles and leaves nothing behind', { timeout: 60_000 }, async () => {
  for (let seed = 1; seed <= 40; seed++) await run(seed)
})
