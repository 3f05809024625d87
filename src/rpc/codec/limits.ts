// How much one value may hold, and the two errors of values: not taken here, cannot travel.
// Knows no format.

import { BraidError } from '../../engine/errors.ts'

/** How much one value may hold. What is over it fails that call with `BRAID_INVALID_INPUT`. */
export interface ValueLimits {
  /** Arrays and objects inside one another, the argument list included: 1 to 512. Default 64. */
  readonly depth?: number | undefined
  /**
   * Keys of all objects of one body together, where an entry of a Map counts as two and an item of a Set as one, and an
   * empty object, an array inside another value, a byte array and anything else that is no text, number, boolean or null
   * counts as one: 0 to 2^24. Default 10,000.
   */
  readonly keys?: number | undefined
}

/** {@link ValueLimits} with defaults filled in. */
export interface ValueBounds {
  readonly depth: number
  readonly keys: number
}

/** No limit on depth may be higher: what walks values has room for so many levels. */
export const DEPTH_MAX = 512
const KEYS_MAX = 2 ** 24

export const defaultBounds: ValueBounds = { depth: 64, keys: 10_000 }

/**
 * Fills in defaults and checks bounds.
 *
 * @throws RangeError for a number outside the bounds {@link ValueLimits} states.
 */
export function parseLimits(limits: ValueLimits = {}): ValueBounds {
  const { depth = defaultBounds.depth, keys = defaultBounds.keys } = limits
  if (!Number.isInteger(depth) || depth < 1 || depth > DEPTH_MAX) {
    throw new RangeError(`limit depth takes a whole number from 1 to ${DEPTH_MAX}, not ${depth}`)
  }
  if (!Number.isInteger(keys) || keys < 0 || keys > KEYS_MAX) {
    throw new RangeError(`limit keys takes a whole number from 0 to ${KEYS_MAX}, not ${keys}`)
  }
  return { depth, keys }
}

/** The error of a body that is not a value we take. */
export function badValue(text: string, cause?: unknown): BraidError {
  return new BraidError('INVALID_INPUT', `the value sent is refused: ${text}`, { scope: 'call', cause })
}

/** What a body may have too much of, by the name it has in `session.stats().limits`. */
export type BodyLimit = 'valueDepth' | 'valueKeys' | 'callArguments' | 'metadataWords' | 'metadataChars'

const broken = new WeakMap<object, BodyLimit>()

/** The error of a body that is over one of these limits. */
export function overLimit(limit: BodyLimit, text: string): BraidError {
  const error = badValue(text)
  broken.set(error, limit)
  return error
}

/** Which limit this is the error of, if it is one of these. */
export function limitBroken(thrown: unknown): BodyLimit | undefined {
  return typeof thrown === 'object' && thrown !== null ? broken.get(thrown) : undefined
}

/** The error of a value that cannot travel. */
export function cannotSend(what: string): TypeError {
  return new TypeError(`${what} cannot be sent in a call`)
}
