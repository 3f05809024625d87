// Arithmetic of one path: how often a limit asks for an acknowledgement, how long a frame is, which window is worth asking for, and
// how long a queue may be. Pure functions and the constants behind them; who knows limit and round trips is path.ts.

/** Measured optimum on loopback, both for bulk and for calls beside it. */
export const LIMIT_BYTES_FAST = 524_288
/** 100 MiB/s: a queue of the fast limit is gone in 5 ms there, so it need not be shorter. */
const FAST_BYTES_PER_MS = 104_858
/** On a fast short path, half of the limit: seldom is cheap. Elsewhere each lets go as much at once, which must not be a queue. */
const MARK_BYTES_FAST = LIMIT_BYTES_FAST / 2
const MARKS_PER_LIMIT = 8
/** The shortest frames and the most frequent marks. */
export const PORTION_BYTES_MIN = 4096
/** On a path that is slow, or may be: acknowledgements are the only sign of life there, as a PONG waits behind all in flight. */
export const MARK_BYTES_SLOW = 32_768
const SLOW_PATH_MS = 1_000
/** From this limit on frames are as long as the peer allows; below, a call waits for an eighth of it at most. */
const WHOLE_FRAMES_BYTES = 262_144
/** As long as any peer may allow. */
export const FRAME_BYTES_MAX = 1_048_576
/** The queue that is aimed at: this part of the round trip, or a late wake-up, but that for no more than these bytes if slow. */
const QUEUE_PART = 8
const QUEUE_MS = 1
const QUEUE_MS_FAST = 0.5
const QUEUE_BYTES = 24_576
/** Windows are asked for in good time: for more than a round trip takes, at the start for what 1 Gbit/s would. */
const WINDOW_PER_LIMIT = 1.5
const WINDOW_BYTES_PER_MS = 131_072
const WINDOW_BYTES_MAX = 8_388_608

/** Whether so many bytes a ms are fast. */
export function isFast(rate: number): boolean {
  return rate >= FAST_BYTES_PER_MS
}

/** A mark at least every so many bytes; `latestMs`: the last round trip. */
export function markBytes(limit: number, fastAndShort: boolean, latestMs: number): number {
  if (fastAndShort && limit >= LIMIT_BYTES_FAST) return MARK_BYTES_FAST
  const most = latestMs > SLOW_PATH_MS ? MARK_BYTES_SLOW : MARK_BYTES_FAST
  return Math.max(PORTION_BYTES_MIN, Math.min(Math.floor(limit / MARKS_PER_LIMIT), most))
}

/** The longest payload of a DATA frame, in bytes, if the peer allows it. */
export function frameBytes(limit: number): number {
  if (limit >= WHOLE_FRAMES_BYTES) return FRAME_BYTES_MAX
  return Math.max(PORTION_BYTES_MIN, Math.floor(limit / MARKS_PER_LIMIT))
}

/** How long a queue of a path may be, in ms: rate in bytes a ms, `shortestMs` what it takes without one. */
export function queueMs(rate: number, shortestMs: number): number {
  const least = isFast(rate) ? QUEUE_MS_FAST : Math.min(QUEUE_MS, QUEUE_BYTES / rate)
  return Math.max(shortestMs / QUEUE_PART, least)
}

/** The window worth asking for, in bytes. */
export function windowBytes(limit: number): number {
  return limit * WINDOW_PER_LIMIT
}

/** The same at the start, when the path is known to take so long and to carry no more than `rateMax` bytes a ms. */
export function firstWindowBytes(limit: number, shortestMs: number, rateMax: number): number {
  const window = shortestMs * Math.min(WINDOW_BYTES_PER_MS, rateMax)
  return Math.max(windowBytes(limit), Math.min(WINDOW_BYTES_MAX, window))
}
