// Which failures are tried again, how often, when, and what stops it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError, type BraidErrorInit, type CodeName } from '../engine/errors.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import type { MethodCall } from './middleware.ts'
import { type RetryOptions, retry } from './retry.ts'
import { consumables } from './retry-arguments.ts'

function callOf(more: Partial<MethodCall> = {}): MethodCall {
  return {
    side: 'client',
    method: 'read',
    args: [],
    metadata: {},
    signal: undefined,
    remaining: () => undefined,
    context: {},
    idempotent: false,
    ...more,
  }
}

const failure = (code: CodeName, init?: BraidErrorInit): BraidError =>
  new BraidError(code, code, { scope: 'call', initiator: 'remote', ...init })

interface Run {
  readonly clock: ManualClock
  /** When each attempt was made. */
  readonly attempts: number[]
  readonly result: Promise<unknown>
}

/** Runs one call that fails with each of the errors, then succeeds; time passes as soon as somebody waits for it. */
function run(errors: readonly unknown[], options: RetryOptions = {}, more: Partial<MethodCall> = {}): Run {
  const clock = new ManualClock()
  const attempts: number[] = []
  const middleware = retry({ clock, random: () => 1, delayMs: 100, ...options })
  const next = async (): Promise<unknown> => {
    const error = errors[attempts.push(clock.now()) - 1]
    if (error !== undefined) throw error
    return 'done'
  }
  const result = Promise.resolve(middleware(callOf(more), next))
  result.catch(() => {})
  return { clock, attempts, result }
}

async function settle({ clock, result }: Run): Promise<void> {
  let over = false
  result.then(
    () => (over = true),
    () => (over = true),
  )
  while (!over) {
    for (let hop = 0; hop < 10; hop++) await null
    clock.advance(1)
  }
}

/** How often a call that always fails so is made. */
async function tries(error: unknown, more: Partial<MethodCall> = {}, options: RetryOptions = {}): Promise<number> {
  const made = run(new Array(200).fill(error), options, more)
  await settle(made)
  await assert.rejects(made.result, (thrown) => thrown === error)
  return made.attempts.length
}

test('what was not executed is tried again, if another attempt can help', async () => {
  for (const code of ['REFUSED', 'GOING_AWAY', 'UNREACHABLE'] as const) assert.equal(await tries(failure(code)), 3)
  for (const code of ['TRANSPORT_LOST', 'EXHAUSTED', 'INTERNAL', 'RESET'] as const) {
    assert.equal(await tries(failure(code, { executed: 'no' })), 3, code)
    assert.equal(await tries(failure(code)), 1, code)
  }
  for (const code of ['UNIMPLEMENTED', 'DENIED', 'INVALID_INPUT', 'CANCELLED', 'DEADLINE', 'CLOSED'] as const) {
    assert.equal(await tries(failure(code, { executed: 'no' }), { idempotent: true }), 1, code)
  }
})

test('what may have been executed is tried again only for idempotent calls to a side that is not there', async () => {
  for (const code of ['TRANSPORT_LOST', 'SESSION_LOST', 'EXHAUSTED', 'GOING_AWAY'] as const) {
    assert.equal(await tries(failure(code, { executed: 'maybe' }), { idempotent: true }), 3, code)
    assert.equal(await tries(failure(code, { executed: 'maybe' })), 1, code)
  }
  for (const error of [failure('INTERNAL'), failure('RESET'), failure('NOT_FOUND'), new Error('mine'), 'text']) {
    assert.equal(await tries(error, { idempotent: true }), 1)
  }
})

test('a server does not retry', async () => {
  assert.equal(await tries(failure('REFUSED'), { side: 'server' }), 1)
})

test('waits double up to their bound, and are random below it', async () => {
  const refused = new Array(5).fill(failure('REFUSED'))
  const full = run(refused, { attempts: 6, maxDelayMs: 500 })
  await settle(full)
  assert.equal(await full.result, 'done')
  assert.deepEqual(full.attempts, [0, 100, 300, 700, 1200, 1700])
  const half = run(refused, { attempts: 6, random: () => 0.5 })
  await settle(half)
  assert.deepEqual(half.attempts, [0, 50, 150, 350, 750, 1550])
  assert.equal(half.clock.pending, 0)
})

test('there is no attempt for which no time is left', async () => {
  let left = 250
  const made = run(new Array(9).fill(failure('REFUSED')), { attempts: 9 }, { remaining: () => left })
  for (let hop = 0; hop < 10; hop++) await null
  made.clock.advance(100)
  left = 150
  await assert.rejects(made.result, { code: 'BRAID_REFUSED' })
  assert.deepEqual(made.attempts, [0, 100])
})

test('an abort ends the wait at once and leaves no timer', async () => {
  const giving = new AbortController()
  const made = run([failure('REFUSED')], {}, { signal: giving.signal })
  while (made.clock.pending === 0) await null
  giving.abort('enough')
  await assert.rejects(made.result, { code: 'BRAID_CANCELLED', executed: 'no', cause: 'enough' })
  assert.equal(made.clock.pending, 0)
  assert.equal(made.attempts.length, 1)
  assert.equal(await tries(failure('REFUSED'), { signal: giving.signal }), 1)
})

test('all calls share one budget: a tenth of them, ten at once, and one a second', async () => {
  const clock = new ManualClock()
  const middleware = retry({ clock, random: () => 0, attempts: 2 })
  let attempts = 0
  const make = async (count: number): Promise<number> => {
    attempts = 0
    for (let made = 0; made < count; made++) {
      const next = async () => {
        attempts++
        throw failure('REFUSED')
      }
      const call = Promise.resolve(middleware(callOf(), next))
      for (let hop = 0; hop < 10; hop++) await null
      clock.advance(0)
      await assert.rejects(call, { code: 'BRAID_REFUSED' })
    }
    return attempts - count
  }
  assert.equal(await make(10), 10)
  assert.equal(await make(200), 20)
  assert.equal(await make(9), 1)
  clock.advance(3000)
  assert.equal(await make(5), 4)
  clock.advance(3_600_000)
  assert.equal(await make(10), 10)
})

test('calls whose arguments can be had only once are not made again', async () => {
  const refused = failure('REFUSED')
  const lost = failure('TRANSPORT_LOST')
  const items = (async function* () {})()
  const flows = [items, new ReadableStream(), { deep: [{ items }] }, { readable: {} }, new Map([['x', items]])]
  for (const flow of flows) {
    assert.equal(await tries(refused, { args: [1, flow] }), 1)
    assert.equal(consumables([flow]), 'flows')
  }
  for (const args of [[() => 0], [{ onProgress: () => 0 }], [new Set([() => 0])]]) {
    assert.equal(await tries(refused, { args }), 3)
    assert.equal(await tries(lost, { args, idempotent: true }), 1)
  }
  const cycle: unknown[] = []
  cycle.push(cycle)
  const data = [
    undefined,
    null,
    1n,
    'x',
    new Date(0),
    new Uint8Array(5),
    new Float64Array(3),
    { readable: true },
    cycle,
  ]
  assert.equal(consumables(data), 'none')
  assert.equal(await tries(lost, { args: data, idempotent: true }), 3)
})

test('options outside their bounds are refused', () => {
  for (const options of [{ attempts: 0 }, { attempts: 1.5 }, { budget: 2 }, { budget: Number.NaN }, { delayMs: -1 }]) {
    assert.throws(() => retry(options), RangeError)
  }
  assert.throws(() => retry({ maxDelayMs: Number.POSITIVE_INFINITY }), RangeError)
})
