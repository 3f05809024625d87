// Random lives of a peer: work, losses, drains, refusals, dials that hang, time, and an end at any moment. Whatever happens,
// everything settles, nothing runs twice, what is said to be unexecuted is, losses add up, and no timer is left.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BraidError } from '../engine/errors.ts'
import type { Stream } from '../session/stream.ts'
import { ManualClock } from '../testing/pair.ts'
import { RemoteSide, settle } from './harness.test.ts'
import { isOfSession, type Lost } from './link.ts'
import { type Peer, type PeerState, peer } from './peer.ts'

const RUNS = Number(process.env.PEER_RUNS ?? 300)
const SEED = process.env.PEER_SEED === undefined ? undefined : Number(process.env.PEER_SEED)

type Step =
  | { readonly do: 'call'; readonly slow: boolean; readonly large: boolean; readonly timeout: number | undefined }
  | {
      readonly do: 'open' | 'settle' | 'cut' | 'drain' | 'goodbye' | 'answer' | 'down' | 'up' | 'hang' | 'go' | 'abort'
    }
  | { readonly do: 'wait'; readonly ms: number }

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('call' as const),
    slow: fc.boolean(),
    large: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    timeout: fc.option(fc.integer({ min: 0, max: 500 }), { nil: undefined, freq: 3 }),
  }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 50, 200, 2_000, 15_000) }),
  ...(['open', 'settle', 'cut', 'drain', 'goodbye', 'answer', 'down', 'up', 'hang', 'go', 'abort'] as const).map(
    (name) => fc.constant({ do: name }),
  ),
)

/** A peer, its remote, and all that can be said about what became of the work. */
class Life {
  readonly clock = new ManualClock()
  readonly executed = new Map<number, number>()
  readonly slow: (() => void)[] = []
  readonly outcomes: (unknown | undefined)[] = []
  readonly streams: Stream[] = []
  readonly states: PeerState['type'][] = []
  readonly pending: Promise<unknown>[] = []
  readonly peer: Peer
  readonly remote: RemoteSide
  lost = { streams: 0, no: 0, maybe: 0 }
  private release = (): void => {}
  private readonly controller = new AbortController()

  constructor(waitMs: number, random: () => number) {
    this.remote = new RemoteSide((session) => {
      const run = (bytes: Uint8Array): void => {
        const id = bytes[0]! * 256 + bytes[1]!
        this.executed.set(id, (this.executed.get(id) ?? 0) + 1)
      }
      session.handleCall('quick', (bytes) => {
        run(bytes)
        return bytes.subarray(0, 2)
      })
      session.handleCall('slow', (bytes) => {
        run(bytes)
        const id = bytes.slice(0, 2)
        return new Promise((resolve) => this.slow.push(() => resolve(id)))
      })
      session.handle('hold', () => {})
    })
    this.peer = peer(this.remote.dial, {
      clock: this.clock,
      random,
      waitMs,
      maxWaiting: 8,
      onLost: (lost) => this.count(lost),
    })
    this.pending.push(this.follow())
  }

  async take(step: Step): Promise<void> {
    const { remote } = this
    const last = remote.served.at(-1)
    if (step.do === 'call') this.call(step.slow ? 'slow' : 'quick', step.large ? 70_000 : 2, step.timeout)
    else if (step.do === 'open') this.open()
    else if (step.do === 'wait') this.clock.advance(step.ms)
    else if (step.do === 'settle') await settle()
    else if (step.do === 'cut') last?.cut()
    else if (step.do === 'drain') void last?.session.drain(Number.POSITIVE_INFINITY)
    else if (step.do === 'goodbye') void last?.session.close()
    else if (step.do === 'answer') this.slow.shift()?.()
    else if (step.do === 'down') remote.down = new BraidError('UNREACHABLE', 'nobody there', { scope: 'transport' })
    else if (step.do === 'up') remote.down = undefined
    else if (step.do === 'hang') remote.gate ??= new Promise((resolve) => (this.release = resolve))
    else if (step.do === 'go') this.go()
    else this.controller.abort()
  }

  go(): void {
    this.release()
    this.remote.gate = undefined
  }

  private call(method: string, size: number, timeout: number | undefined): void {
    const id = this.outcomes.length
    this.outcomes.push(undefined)
    const bytes = new Uint8Array(size)
    bytes.set([id >> 8, id & 255])
    // Every fourth can be given up.
    const signal = id % 4 === 0 ? this.controller.signal : undefined
    const settled = (outcome: unknown): void => {
      this.outcomes[id] = outcome
    }
    this.pending.push(this.peer.call(method, bytes, { timeout, signal }).then(settled, settled))
  }

  private open(): void {
    const opening = this.peer.open('hold').then(
      (stream) => void this.streams.push(stream),
      (error: unknown) => assert.ok(error instanceof BraidError && error.executed === 'no', String(error)),
    )
    this.pending.push(opening)
  }

  private count({ streams, calls }: Lost): void {
    assert.ok(streams + calls.no + calls.maybe > 0)
    this.lost.streams += streams
    this.lost.no += calls.no
    this.lost.maybe += calls.maybe
  }

  private async follow(): Promise<void> {
    for await (const { type } of this.peer.states()) this.states.push(type)
  }
}

/** What may come after what. */
const next: Readonly<Record<PeerState['type'], string>> = {
  connecting: 'ready waiting draining closed',
  ready: 'waiting draining closed',
  detached: '',
  waiting: 'connecting draining closed',
  draining: 'closed',
  closed: '',
}

async function check(life: Life): Promise<void> {
  await Promise.all(life.pending)
  assert.equal(await life.peer.closed, undefined)
  await settle()
  assert.equal(life.clock.pending, 0, 'timers are left')
  const failed = { no: 0, maybe: 0 }
  for (const [id, outcome] of life.outcomes.entries()) {
    const times = life.executed.get(id) ?? 0
    assert.ok(times <= 1, `call ${id} ran ${times} times`)
    if (outcome instanceof Uint8Array) {
      assert.equal(times, 1)
      assert.deepEqual([...outcome], [id >> 8, id & 255], 'the answer to another call')
      continue
    }
    assert.ok(outcome instanceof BraidError, String(outcome))
    if (outcome.executed === 'no') assert.equal(times, 0, `call ${id} ran, but is said not to have: ${outcome.code}`)
    if (isOfSession(outcome) && outcome.message !== 'this peer is draining') failed[outcome.executed]++
  }
  assert.deepEqual({ no: life.lost.no, maybe: life.lost.maybe }, failed)
  const ends = await Promise.all(life.streams.map((stream) => stream.closed))
  assert.equal(life.lost.streams, ends.filter(isOfSession).length)
  for (const [index, type] of life.states.slice(1).entries()) {
    const before = life.states[index]!
    assert.ok(next[before].split(' ').includes(type), `${type} after ${before}`)
  }
  assert.equal(life.states.at(-1), 'closed')
}

test(`peer: ${RUNS} random lives keep every promise`, async () => {
  const lives = fc.record({
    steps: fc.array(steps, { maxLength: 60 }),
    waitMs: fc.constantFrom(0, 300, 10_000),
    chances: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 8 }),
    drainMs: fc.option(fc.constantFrom(0, 100, 5_000), { nil: undefined }),
  })
  const property = fc.asyncProperty(lives, async ({ steps, waitMs, chances, drainMs }) => {
    let drawn = 0
    const life = new Life(waitMs, () => chances[drawn++ % chances.length]!)
    for (const step of steps) await life.take(step)
    if (drainMs !== undefined) {
      const report = life.peer.drain(drainMs)
      life.clock.advance(drainMs)
      void life.peer.close()
      assert.ok((await report).calls >= 0)
    }
    await life.peer.close()
    life.go()
    await check(life)
  })
  await fc.assert(property, { numRuns: RUNS, ...(SEED !== undefined && { seed: SEED }) })
})
