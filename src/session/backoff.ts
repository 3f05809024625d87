// Backoff: whether to dial again, and how long to wait before, so that a thousand clients of one server do not all come back at once.

import { BraidError } from '../engine/errors.ts'

const FIRST_MS = 100
const MAX_MS = 30_000

/** Dialling again cannot mend these: the other side, or this one, will not have the session as it is. */
const final: ReadonlySet<string> = new Set([
  'BRAID_DENIED',
  'BRAID_INVALID_INPUT',
  'BRAID_VERSION',
  'BRAID_BAD_LIMITS',
  'BRAID_TLS',
])

/** Whether there is no sense in dialling again after this error. */
export function isFinal(error: unknown): error is BraidError {
  return error instanceof BraidError && final.has(error.code)
}

/**
 * Full jitter: anything up to a bound that doubles with each try, from 100 ms to 30 s ("Exponential backoff and jitter", AWS
 * Architecture Blog, 2015). `tries`: how many there were.
 */
export function backoff(tries: number, random: () => number): number {
  return random() * Math.min(MAX_MS, FIRST_MS * 2 ** tries)
}
