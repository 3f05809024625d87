// Redial: the dialer's side of resumption. Dials again and again when the transport is lost, for as long as the peer keeps the
// session. Knows no frame and no address: how to dial is handed in.

import { BraidError } from '../engine/errors.ts'
import { backoff, isFinal } from './backoff.ts'
import type { Clock } from './clock.ts'
import { Line } from './line.ts'
import type { Resumable, Resumption } from './resumption.ts'
import type { Transport } from './transport.ts'

/** Dials once more. Rejects when that fails, also when the signal aborts. */
export type Dial = (signal: AbortSignal) => Promise<Transport>

export class Redial implements Resumption {
  readonly #dial: Dial
  readonly #random: () => number
  #keepMs = 0
  #attempts = 0
  /** Since the transport was lost. */
  #waiting: Waiting | undefined

  constructor(dial: Dial, random: () => number) {
    this.#dial = dial
    this.#random = random
  }

  admitted(): void {}

  ticket(keepMs: number): void {
    this.#keepMs = keepMs
  }

  detached(session: Resumable, error: BraidError): void {
    // Lost again before it was answered: the time that is left goes on.
    this.#waiting ??= new Waiting(session, this.#keepMs, error)
    this.#again(session, this.#waiting)
  }

  resumed(): void {
    this.over()
  }

  over(): void {
    this.#waiting?.end()
    this.#waiting = undefined
  }

  #again(session: Resumable, waiting: Waiting): void {
    waiting.after(backoff(waiting.tries++, this.#random), () => void this.#try(session, waiting))
  }

  async #try(session: Resumable, waiting: Waiting): Promise<void> {
    let line: Line
    try {
      line = new Line(await waiting.dial(this.#dial))
    } catch (thrown) {
      if (waiting.over) return
      waiting.failed = thrown
      if (isFinal(thrown)) session.giveUp(waiting.lost('dialling again cannot mend this'))
      else this.#again(session, waiting)
      return
    }
    if (waiting.over) line.turnAway()
    else session.redialled(line, ++this.#attempts)
  }
}

/** The time between a transport that was lost and one that took its place. */
class Waiting {
  tries = 0
  over = false
  /** Why the last dial failed. */
  failed: unknown
  readonly #error: BraidError
  readonly #clock: Clock
  /** Of the dial that is under way. A transport may end with its signal, so that of one which succeeded is never aborted. */
  #aborting: AbortController | undefined
  readonly #expiry: unknown
  #next: unknown

  constructor(session: Resumable, keepMs: number, error: BraidError) {
    this.#clock = session.clock
    this.#error = error
    const inVain = `it could not be resumed within ${keepMs} ms`
    this.#expiry = this.#clock.set(() => session.giveUp(this.lost(inVain)), keepMs)
  }

  lost(why: string): BraidError {
    const { failed } = this
    const dial = failed instanceof Error ? `; the last dial: ${failed.message}` : ''
    return new BraidError('SESSION_LOST', `${this.#error.message}, and ${why}${dial}`, { cause: failed ?? this.#error })
  }

  async dial(dial: Dial): Promise<Transport> {
    const aborting = new AbortController()
    this.#aborting = aborting
    try {
      return await dial(aborting.signal)
    } finally {
      this.#aborting = undefined
    }
  }

  after(ms: number, task: () => void): void {
    this.#next = this.#clock.set(task, ms)
  }

  end(): void {
    this.over = true
    this.#clock.clear(this.#expiry)
    if (this.#next !== undefined) this.#clock.clear(this.#next)
    this.#aborting?.abort()
  }
}
