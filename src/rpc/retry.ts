// Retry: middleware of a client that makes a failed call again when that can do no harm and may help.
// Knows errors and time; what a call is made over is not its business.

import { BraidError, type BraidErrorCode } from '../engine/errors.ts'
import { type Clock, systemClock, systemRandom } from '../session/clock.ts'
import type { MethodCall, Middleware } from './middleware.ts'
import { type Consumable, consumables } from './retry-arguments.ts'

/** Options of {@link retry}. */
export interface RetryOptions {
  /** How often one call is made at most, the first time included: 1 to 100. Default 3. */
  readonly attempts?: number | undefined
  /** Retries in proportion to calls, over all calls of this middleware: 0 to 1. Default 0.1. A few are always allowed. */
  readonly budget?: number | undefined
  /** Bound of the first wait, in ms; it doubles with every attempt. The wait itself is random below it. Default 50. */
  readonly delayMs?: number | undefined
  /** Largest bound of a wait, in ms. Default 2,000. */
  readonly maxDelayMs?: number | undefined
  /** Time and timers; for tests. Default: the runtime's. */
  readonly clock?: Clock | undefined
  /** Numbers from 0 to 1 for the waits; for tests. Default: the runtime's. */
  readonly random?: (() => number) | undefined
}

/** Retries that may be saved up for a burst, and there from the beginning. */
const BURST = 10
/** Retries that become allowed by time alone, for clients of few calls. */
const FLOOR_PER_SECOND = 1

/** Another attempt finds the same: the other side has no such method, does not want it, or it was given up on purpose. */
const final: ReadonlySet<BraidErrorCode> = new Set<BraidErrorCode>([
  'BRAID_UNIMPLEMENTED',
  'BRAID_INVALID_INPUT',
  'BRAID_DENIED',
  'BRAID_NOT_FOUND',
  'BRAID_CANCELLED',
  'BRAID_DEADLINE',
  'BRAID_CLOSED',
  'BRAID_VERSION',
])

/** The other side, or the way to it, is not there for now: a call that may run twice can be made again. */
const unavailable: ReadonlySet<BraidErrorCode> = new Set<BraidErrorCode>([
  'BRAID_REFUSED',
  'BRAID_GOING_AWAY',
  'BRAID_EXHAUSTED',
  'BRAID_LIMIT_EXCEEDED',
  'BRAID_TRANSPORT_LOST',
  'BRAID_SESSION_LOST',
  'BRAID_SUPERSEDED',
  'BRAID_SLOW_PEER',
  'BRAID_UNREACHABLE',
])

/**
 * Makes failed calls again, after a random wait, when nothing was executed, or when the call is idempotent and the other side
 * was not to be had.
 *
 * All calls through one `retry()` share a budget: a tenth of the calls by default, plus one a second, with ten saved up at
 * most; so that retries never become the load that keeps a server down. When it is used up, or the deadline or the signal
 * leave no time, the call fails with the error it has. A call whose arguments hold a stream or an iterable is never made
 * again, as part of it may be gone; one that holds functions only if nothing was executed. Results that are iterables are not
 * begun again once they have begun. On a server it does nothing.
 *
 * @throws RangeError for an option outside its bounds.
 * @example
 * import { BraidError } from 'braidwire'
 * import { retry } from 'braidwire/rpc'
 *
 * const again = retry({ attempts: 3, delayMs: 10 })
 * let tries = 0
 * const next = async () => {
 *   if (++tries < 3) throw new BraidError('REFUSED', 'busy', { scope: 'call' })
 *   return 'done'
 * }
 * const call = { side: 'client', method: 'read', args: [], idempotent: false, remaining: () => undefined }
 * console.log(await again(call, next), tries) // done 3
 */
export function retry(options: RetryOptions = {}): Middleware {
  const { attempts = 3, budget = 0.1, delayMs = 50, maxDelayMs = 2_000 } = options
  const { clock = systemClock, random = systemRandom } = options
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > 100) {
    throw new RangeError(`attempts takes a whole number from 1 to 100, not ${attempts}`)
  }
  if (!(budget >= 0 && budget <= 1)) throw new RangeError(`budget takes a number from 0 to 1, not ${budget}`)
  for (const [name, value] of Object.entries({ delayMs, maxDelayMs })) {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`${name} takes a number of ms from 0, not ${value}`)
    }
  }
  const bucket = new RetryBudget(budget, clock)

  const again = async (call: MethodCall, next: () => Promise<unknown>): Promise<unknown> => {
    bucket.called()
    for (let attempt = 1; ; attempt++) {
      try {
        return await next()
      } catch (error) {
        if (attempt >= attempts || !mayRetry(error, call)) throw error
        const wait = random() * Math.min(maxDelayMs, delayMs * 2 ** (attempt - 1))
        const left = call.remaining()
        if ((left !== undefined && left <= wait) || !bucket.take()) throw error
        await pause(wait, call.signal, clock, error as BraidError)
      }
    }
  }
  return (call, next) => (call.side === 'client' ? again(call, next) : next())
}

function mayRetry(error: unknown, call: MethodCall): boolean {
  if (!(error instanceof BraidError) || call.signal?.aborted === true) return false
  const unexecuted = error.executed === 'no' && !final.has(error.code)
  if (!unexecuted && !(call.idempotent && unavailable.has(error.code))) return false
  const held: Consumable = consumables(call.args)
  return held === 'none' || (held === 'functions' && error.executed === 'no')
}

/** A token bucket: each call puts in a part of a retry, time a little more, each retry takes one out. */
class RetryBudget {
  private readonly perCall: number
  private readonly clock: Clock
  private tokens = BURST
  private filledAt: number

  constructor(perCall: number, clock: Clock) {
    this.perCall = perCall
    this.clock = clock
    this.filledAt = clock.now()
  }

  called(): void {
    this.tokens = Math.min(BURST, this.tokens + this.perCall)
  }

  take(): boolean {
    const now = this.clock.now()
    this.tokens = Math.min(BURST, this.tokens + ((now - this.filledAt) / 1000) * FLOOR_PER_SECOND)
    this.filledAt = now
    // Sums of tenths are a little less than whole.
    if (this.tokens < 1 - 1e-9) return false
    this.tokens -= 1
    return true
  }
}

/** Rejects when the call is given up meanwhile: with what is known of the attempt before. */
function pause(ms: number, signal: AbortSignal | undefined, clock: Clock, last: BraidError): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clock.clear(timer)
      const { executed } = last
      const text = 'the call was given up between two attempts'
      reject(new BraidError('CANCELLED', text, { scope: 'call', executed, cause: signal?.reason }))
    }
    const timer = clock.set(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
