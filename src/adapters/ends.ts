// How the ends of a foreign stream and those of a Stream are told apart and named, the same for every view.
// Knows no view and no platform.

import { BraidError } from '../engine/errors.ts'

/** The other side wants no more bytes. */
export function isGivenUp(error: unknown): boolean {
  return error instanceof BraidError && error.code === 'BRAID_CANCELLED' && error.initiator === 'remote'
}

/** This program closed the session under its own view. */
export function isOwnClose(error: BraidError): boolean {
  return error.code === 'BRAID_CLOSED' && error.initiator === 'local'
}

/** What the other side is told: the code of an error made for that, CANCELLED for what was only given up, else INTERNAL. */
export function codeOf(cause: unknown): number | 'CANCELLED' | 'INTERNAL' {
  if (!(cause instanceof Error)) return isAbort(cause) ? 'CANCELLED' : 'INTERNAL'
  if (cause.name === 'AbortError') return 'CANCELLED'
  if (!(cause instanceof BraidError)) return 'INTERNAL'
  return cause.initiator === 'local' && cause.number > 0 ? cause.number : 'CANCELLED'
}

/** No reason at all, or a DOMException of an AbortSignal where that is no Error. */
function isAbort(cause: unknown): boolean {
  return cause === undefined || cause === null || (cause as { name?: unknown }).name === 'AbortError'
}
