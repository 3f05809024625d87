// Dialling: tries again and again to get a session, with random waits in between, until there is no sense in it. How to get one
// is handed in; what becomes of a session is not its business.

import { BraidError } from '../engine/errors.ts'
import { backoff, isFinal } from '../session/backoff.ts'
import type { Clock } from '../session/clock.ts'
import { quiet } from '../session/deferred.ts'
import type { Session } from '../session/session.ts'

/** Gets a session. Rejects when that fails, also when the signal aborts. */
export type DialSession = (signal: AbortSignal) => Promise<Session>

/** A session that lived so long was well: the waits begin anew. */
const STEADY_MS = 10_000

export interface DiallingHost {
  readonly clock: Clock
  readonly random: () => number
  dialling(attempt: number): void
  /** There will be a dial, the `attempt`-th since all was well, at this time. */
  waits(attempt: number, retryAt: number, error: BraidError): void
  dialled(session: Session): void
  /** There is no sense in dialling again. */
  hopeless(error: BraidError): void
}

export class Dialling {
  readonly #dial: DialSession
  readonly #host: DiallingHost
  /** Dials since all was well. */
  #tries = 0
  #timer: unknown
  #aborting: AbortController | undefined

  constructor(dial: DialSession, host: DiallingHost) {
    this.#dial = dial
    this.#host = host
  }

  /** Dials now. */
  start(): void {
    this.#timer = undefined
    const aborting = new AbortController()
    this.#aborting = aborting
    this.#tries++
    this.#host.dialling(this.#tries)
    // A state loop or a signal may have ended it in answer.
    if (!aborting.signal.aborted) void this.#try(aborting.signal)
  }

  /** The last dial, or the session it gave, which lived so long, came to this end: dials again some time. */
  again(error: BraidError, livedMs: number): void {
    if (isFinal(error)) return this.#host.hopeless(error)
    if (livedMs >= STEADY_MS) this.#tries = 0
    const { clock, random } = this.#host
    const wait = backoff(Math.max(0, this.#tries - 1), random)
    this.#timer = clock.set(() => this.start(), wait)
    this.#host.waits(this.#tries + 1, clock.now() + wait, error)
  }

  /** Gives up what is under way; a session that comes in spite of it is closed. */
  stop(): void {
    if (this.#timer !== undefined) this.#host.clock.clear(this.#timer)
    this.#timer = undefined
    this.#aborting?.abort()
  }

  async #try(signal: AbortSignal): Promise<void> {
    let session: Session
    try {
      session = await this.#dial(signal)
    } catch (thrown) {
      if (!signal.aborted) this.again(asError(thrown), 0)
      return
    }
    if (typeof (session as Partial<Session> | undefined)?.states !== 'function') {
      const text = 'the function that dials has to resolve to a session'
      if (!signal.aborted) this.again(new BraidError('INVALID_INPUT', text), 0)
    } else if (signal.aborted) quiet(session.close())
    else this.#host.dialled(session)
  }
}

function asError(thrown: unknown): BraidError {
  if (thrown instanceof BraidError) return thrown
  const text = thrown instanceof Error ? `dialling failed: ${thrown.message}` : 'dialling failed'
  return new BraidError('UNREACHABLE', text, { scope: 'transport', cause: thrown })
}
