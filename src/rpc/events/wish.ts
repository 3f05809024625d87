// What a subscription says about itself when it opens its stream, and the two kinds of messages that come back.
// Pure functions; knows no session.

import { BraidError } from '../../engine/errors.ts'
import type { Meta } from '../../session/opener.ts'
import type { Overflow } from './backlog.ts'

/** Name of the streams on which subscriptions travel. */
export const EVENTS_STREAM = '$events'
/** Most events a subscription may ask anybody to hold. */
export const BUFFER_MAX = 65_536
/** Longest name of a topic or an event, in characters. */
const NAME_CHARS_MAX = 256

/** The metadata of a subscription's stream. */
export interface Wish {
  readonly topic: string
  readonly event: string
  /** How many events whoever is behind is held at most, on either side. */
  readonly buffer: number
  readonly overflow: Overflow
  readonly codec: string
}

const overflows: readonly unknown[] = ['drop-oldest', 'drop-newest', 'fail'] satisfies Overflow[]

/** First byte of a message: an event follows, or how many were dropped since. */
export const EVENT = 0
const GAP = 1

/**
 * Checks what this side is about to ask for.
 *
 * @throws TypeError for a name or a policy that is none, RangeError for a buffer outside 1 to 65,536.
 */
export function checkWish({ topic, event, buffer, overflow }: Wish): void {
  checkEventName(topic, 'topic')
  checkEventName(event, 'event')
  if (!Number.isInteger(buffer) || buffer < 1 || buffer > BUFFER_MAX) {
    throw new RangeError(`buffer takes a whole number of events from 1 to ${BUFFER_MAX}, not ${buffer}`)
  }
  if (!overflows.includes(overflow)) {
    throw new TypeError(`overflow is 'drop-oldest', 'drop-newest' or 'fail', not ${String(overflow)}`)
  }
}

export function checkEventName(name: unknown, what: string): void {
  if (typeof name !== 'string' || name === '' || name.length > NAME_CHARS_MAX) {
    throw new TypeError(`the name of a ${what} is a string of 1 to ${NAME_CHARS_MAX} characters`)
  }
}

/** What the other side asks for; undefined if it makes no sense. */
export function readWish(meta: Meta | undefined): Wish | undefined {
  if (typeof meta !== 'object' || meta === null || meta instanceof Uint8Array || Array.isArray(meta)) return undefined
  const { topic, event, buffer, overflow, codec } = meta
  const wish = { topic, event, buffer, overflow, codec } as unknown as Wish
  try {
    checkWish(wish)
  } catch {
    return undefined
  }
  return typeof codec === 'string' ? wish : undefined
}

/** The message that says how many events were dropped before the next one. */
export function gap(count: number): Uint8Array {
  return Uint8Array.of(GAP, count >>> 24, (count >>> 16) & 255, (count >>> 8) & 255, count & 255)
}

/**
 * How many events a message says were dropped; undefined: it is an event, from its second byte on.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` for a message that is neither.
 */
export function readGap(message: Uint8Array): number | undefined {
  if (message[0] === EVENT) return undefined
  if (message[0] !== GAP || message.length !== 5) {
    throw new BraidError('INVALID_INPUT', 'a message of a subscription is neither an event nor a gap', {
      scope: 'stream',
      initiator: 'remote',
    })
  }
  return ((message[1]! << 24) | (message[2]! << 16) | (message[3]! << 8) | message[4]!) >>> 0
}
