// Time, chance and the end of a turn as a session sees them; the only place that asks the platform for them.
// Everything else is handed a Clock, so that tests need no sleeps.

/** Where a session gets its time from: monotonic milliseconds, and timers by them. */
export interface Clock {
  now(): number
  /** `background`: this timer alone keeps no program running. */
  set(task: () => void, ms: number, background?: boolean): unknown
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

// Not in every runtime, hence no names of `globals.d.ts`.
const { performance, process } = globalThis as {
  performance?: { now(): number }
  process?: { nextTick?: (task: () => void) => void }
}

/** The clock of the runtime. */
export const systemClock: Clock = {
  now: performance === undefined ? wallNow : () => performance.now(),
  // A longer timer would fire at once.
  set: (task, ms, background) => {
    const timer = setTimeout(task, Math.min(ms, TIMER_MS_MAX))
    // Where a timer is a number it keeps nothing running.
    if (background && typeof timer === 'object') (timer as { unref?(): void } | null)?.unref?.()
    return timer
  },
  clear: (handle) => clearTimeout(handle),
}

/** Chance for what need not be secret: greasing of the HELLO. */
export const systemRandom: () => number = Math.random

const SETTLED = Promise.resolve()
const nextTick = process?.nextTick?.bind(process)

/**
 * Runs a task when what promises have to say in this turn is said: from within a microtask, a tick of Node (and of Bun and Deno)
 * comes after all others, and costs no turn of the event loop. Elsewhere one hop later than the next, which is enough for the
 * answer of an async function.
 */
export function afterMicrotasks(task: () => void): void {
  void SETTLED.then(nextTick === undefined ? () => void SETTLED.then(task) : () => nextTick(task))
}
