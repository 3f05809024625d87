// Options of a peer in one table: meaning, unit, default, bounds.

import { BraidError } from '../engine/errors.ts'
import { type Clock, systemClock, systemRandom } from '../session/clock.ts'
import type { Session } from '../session/session.ts'
import type { Lost } from './link.ts'

/** Numeric options of a peer with default and bounds. */
const peerBounds = {
  waitMs: { default: 10_000, min: 0, max: 600_000 },
  maxWaiting: { default: 1_024, min: 1, max: 1_000_000 },
} as const

export interface PeerOptions {
  /**
   * Runs with each new session before any work goes over it: the place to expose services, register handlers, log in. What it
   * returns is awaited. When it throws or rejects, the session ends with INTERNAL and the peer dials again, unless the error is
   * one that dialling again cannot mend (see {@link Peer}). Default: nothing is done.
   */
  readonly onSession?: ((session: Session) => unknown) | undefined
  /**
   * Runs when a session ended and work of this peer failed with it, with the count of what was lost. What it throws is ignored.
   */
  readonly onLost?: ((lost: Lost) => unknown) | undefined
  /**
   * How long a call or stream that is begun while there is no session waits for one, in ms, from 0 to 600,000; then it fails with
   * UNREACHABLE. 0: it fails at once. Its own signal and timeout hold meanwhile. Default 10,000.
   */
  readonly waitMs?: number | undefined
  /** How many calls and streams wait at most, from 1; one more fails with EXHAUSTED. Default 1,024. */
  readonly maxWaiting?: number | undefined
  /** Aborting closes the peer. */
  readonly signal?: AbortSignal | undefined
  /** Time and timers; for tests. Default: the runtime's. */
  readonly clock?: Clock | undefined
  /** Numbers from 0 to 1 for the waits between dials; for tests. Default: the runtime's. */
  readonly random?: (() => number) | undefined
}

/** Options with every default filled in. */
export interface PeerSettings {
  readonly onSession: ((session: Session) => unknown) | undefined
  readonly onLost: ((lost: Lost) => unknown) | undefined
  readonly waitMs: number
  readonly maxWaiting: number
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
  readonly random: () => number
}

/**
 * Fills in defaults and checks every bound.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` naming the option, its bounds and what was given.
 */
export function parsePeerOptions(options: PeerOptions): PeerSettings {
  const { onSession, onLost, signal, clock = systemClock, random = systemRandom } = options
  const waitMs = bounded('waitMs', options.waitMs)
  const maxWaiting = bounded('maxWaiting', options.maxWaiting)
  return { onSession, onLost, waitMs, maxWaiting, signal, clock, random }
}

function bounded(name: keyof typeof peerBounds, value: number = peerBounds[name].default): number {
  const { min, max } = peerBounds[name]
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new BraidError('INVALID_INPUT', `option ${name} takes a whole number from ${min} to ${max}, not ${value}`)
  }
  return value
}
