// Time and chance as a session sees them; the only place that reads the platform's.
// Everything else is handed a Clock, so that tests need no sleeps.

/** Where a session gets its time from: monotonic milliseconds, and timers by them. */
export interface Clock {
  now(): number
  set(task: () => void, ms: number): unknown
  clear(handle: unknown): void
}

// The wall clock may jump backwards, which would undo deadlines: time then stands still instead.
let latest = 0
function wallNow(): number {
  latest = Math.max(latest, Date.now())
  return latest
}

/** Longest timer of the runtimes, in ms: 25 days. */
const TIMER_MS_MAX = 2 ** 31 - 1

// Not in every runtime, hence no name of `globals.d.ts`.
const { performance } = globalThis as { performance?: { now(): number } }

/** The clock of the runtime. */
export const systemClock: Clock = {
  now: performance === undefined ? wallNow : () => performance.now(),
  // A longer timer would fire at once.
  set: (task, ms) => setTimeout(task, Math.min(ms, TIMER_MS_MAX)),
  clear: (handle) => clearTimeout(handle),
}

/** Chance for what need not be secret: greasing of the HELLO. */
export const systemRandom: () => number = Math.random
