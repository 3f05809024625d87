// What the end of a transport is like, whatever carries it: how long it may take, and what an error is. Knows no carrier.

import { systemClock } from '../session/clock.ts'

/** How long `close` waits, in ms, for the last bytes to leave and for the other side to end as well. */
const CLOSE_MS = 2000

/** A timer for the end of a carrier. It keeps no program alive: the carrier does that while it lives. */
export function closeTimer(task: () => void): unknown {
  return systemClock.set(task, CLOSE_MS, true)
}

/** A name that the other side chose, for people and logs: what would act on a terminal or begin a line is escaped, as in JSON. */
export function printable(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, at) => {
      return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
    }).join(''),
  )
}

/** What was thrown or emitted, as an Error. */
export function errorOf(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause))
}
