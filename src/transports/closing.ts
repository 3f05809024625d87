// The bound on closing that all transports promise. Knows no carrier.

/** How long `close` waits, in ms, for the last bytes to leave and for the other side to end as well. */
const CLOSE_MS = 2000

/** Runs the task when closing has taken too long; `clearTimeout` ends the wait. */
export function closeLimit(task: () => void): unknown {
  const timer = setTimeout(task, CLOSE_MS)
  unref(timer)
  return timer
}

/** Where timers can be told not to keep a program alive, this one is: the carrier itself does that while it lives. */
function unref(timer: unknown): void {
  const handle = timer as { unref?(): void } | null
  if (typeof handle === 'object') handle?.unref?.()
}
