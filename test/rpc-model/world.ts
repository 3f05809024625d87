// Two sessions, everything an application holds of their calls, and what must be true of it. Knows no method.

import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { BraidError, connect, type Session } from 'braidwire'
import { ManualClock } from 'braidwire/test'
import { memory } from 'braidwire/transport/memory'
import { rpcOf } from '#dist/rpc/call/connect.js'

/** Options of a world: scarce, so that what is not given back is missed. */
export const scarce = { maxStreams: 32, maxCalls: 32 } as const

/** One use of a method, with what it may end as. */
export class Activity {
  readonly about: string
  readonly controller = new AbortController()
  readonly timed: boolean
  aborted = false
  /** Codes it may fail with though nothing was given up and nobody closed anything. */
  readonly may: readonly string[]
  /** How it ended: `value`, or the error. */
  ended: { readonly value?: unknown; readonly error?: unknown } | undefined
  /** Checks what it did. `whole`: it ended by itself. */
  check: (whole: boolean) => void = () => {}

  constructor(about: string, timed: boolean, may: readonly string[]) {
    this.about = about
    this.timed = timed
    this.may = may
  }

  abort(): void {
    this.aborted = true
    this.controller.abort(new Error('the model gave up'))
  }
}

/** What a call whose time is up may end with, and what it holds. */
const late = ['DEADLINE', 'CANCELLED', 'NOT_FOUND']

export class World {
  readonly transports = memory()
  readonly clock = new ManualClock()
  readonly activities: Activity[] = []
  /** What application promises are held, and whether each has settled. */
  readonly held: { readonly about: string; settled: boolean }[] = []
  /** Generators that have been started, and those whose `finally` has run. */
  readonly started: { readonly about: string; ended: boolean }[] = []
  sessions: readonly Session[] = []
  /** Somebody closed, cut or drained. */
  closing = false
  open = false
  readonly #gates: (() => void)[] = []

  /** `codecs`: that of each side's calls. */
  async start(codecs: readonly string[]): Promise<void> {
    this.sessions = await Promise.all(
      this.transports.map((transport, index) =>
        connect(transport, { ...scarce, clock: this.clock, codec: codecs[index] }),
      ),
    )
  }

  /** Something that waits until the model lets it go on. */
  gate(): Promise<void> {
    if (this.open) return Promise.resolve()
    return new Promise((resolve) => this.#gates.push(resolve))
  }

  /** Opens one gate. */
  pass(which: number): void {
    const [gate] = this.#gates.splice(which % Math.max(1, this.#gates.length), 1)
    gate?.()
  }

  /** Every promise a model's application gets goes through here. */
  hold<Value>(about: string, promise: PromiseLike<Value>): Promise<Value> {
    const entry = { about, settled: false }
    this.held.push(entry)
    const settle = (): void => {
      assert.ok(!entry.settled, `${about} settled twice`)
      entry.settled = true
    }
    promise.then(settle, settle)
    return Promise.resolve(promise)
  }

  /** Runs an activity and keeps how it ended. */
  run(activity: Activity, task: () => PromiseLike<unknown>): void {
    this.activities.push(activity)
    const running = this.hold(activity.about, (async () => task())())
    running.then(
      (value) => {
        activity.ended = { value }
      },
      (error: unknown) => {
        activity.ended = { error }
      },
    )
  }

  /** A generator of 0, 1 ... whose end is watched; it waits at a gate before each number that `waits` says. */
  async *count(about: string, to: number, waits: (n: number) => boolean, end?: () => void): AsyncGenerator<number> {
    const entry = { about, ended: false }
    this.started.push(entry)
    try {
      for (let n = 0; n < to; n++) {
        if (waits(n)) await this.gate()
        yield n
      }
      end?.()
    } finally {
      entry.ended = true
    }
  }

  /** Lets all come to its end, then looks at what is left and at what was. */
  async finish(): Promise<void> {
    this.open = true
    const unsettled = (): boolean => this.held.some(({ settled }) => !settled)
    for (let turns = 0; turns < 200 && unsettled(); turns++) {
      while (this.#gates.length > 0) this.pass(0)
      await turn()
    }
    const waiting = this.held.filter(({ settled }) => !settled).map(({ about }) => about)
    assert.deepEqual(waiting, [], 'these never settled')
    for (let turns = 0; turns < 20; turns++) {
      while (this.#gates.length > 0) this.pass(0)
      await turn()
    }
    if (!this.closing) for (const session of this.sessions) this.#isClean(session)
    await this.sessions[0]!.close()
    await Promise.all(this.sessions.map((session) => session.closed))
    for (let turns = 0; turns < 5; turns++) await turn()
    for (const session of this.sessions) this.#isForgotten(session)
    const running = this.started.filter(({ ended }) => !ended).map(({ about }) => about)
    assert.deepEqual(running, [], 'these generators were not ended')
    for (const activity of this.activities) this.#check(activity)
  }

  /** Nothing is open, in flight, lent or waited for. */
  #isClean(session: Session): void {
    const { limits, streamsUnread, callsWaiting, streamsWaiting } = session.stats()
    const { functions, signals, parts } = rpcOf(session)
    assert.deepEqual(
      {
        streams: limits.maxStreams?.used,
        calls: limits.maxCalls?.used,
        unread: streamsUnread,
        waiting: callsWaiting + streamsWaiting,
        functions: functions.size,
        signals: signals.size,
        parts: parts.waiting,
        assembled: limits.maxAssembled?.used,
      },
      { streams: 0, calls: 0, unread: 0, waiting: 0, functions: 0, signals: 0, parts: 0, assembled: 0 },
    )
  }

  #isForgotten(session: Session): void {
    const { functions, signals, parts } = rpcOf(session)
    assert.deepEqual([functions.size, signals.size, parts.waiting], [0, 0, 0])
  }

  #check(activity: Activity): void {
    const { about, ended, aborted, timed, may } = activity
    assert.ok(ended !== undefined, about)
    const { error } = ended
    activity.check(error === undefined)
    if (error === undefined) return
    if (error instanceof assert.AssertionError) throw error
    assert.ok(error instanceof BraidError, `${about}: ${error}`)
    const code = error.code.slice('BRAID_'.length)
    // A function of a result whose call is given up as it arrives is over: NOT_FOUND.
    const givenUp = (aborted && ['CANCELLED', 'NOT_FOUND'].includes(code)) || (timed && late.includes(code))
    const fine = may.includes(code) || this.closing || givenUp
    assert.ok(fine, `${about}: ${error.code} ${error.message}`)
  }
}
