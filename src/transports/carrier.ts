// What the end of a transport is like, whatever carries it: how long it may take, and what an error is. Knows no carrier.

/** How long `close` waits, in ms, for the last bytes to leave and for the other side to end as well. */
export const CLOSE_MS = 2000

/** A timer for the end of a carrier. It keeps no program alive, where timers can be told so: the carrier does that while it lives. */
export function closeTimer(task: () => void): unknown {
  const timer = setTimeout(task, CLOSE_MS)
  const handle = timer as { unref?(): void } | null
  if (typeof handle === 'object') handle?.unref?.()
  return timer
}

/** What was thrown or emitted, as an Error. */
export function errorOf(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause))
}
