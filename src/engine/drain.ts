// Drain: now and then so much less is in flight for one round trip that the queue in front of a path goes away, and what the path
// itself takes is seen. Without it a queue that is always there would pass for a long path. Pure: knows limits and times, no mark.

const FIRST_MS = 1_000
const EVERY_MS = 10_000
/** What remains: less than the path itself holds, where a queue of an eighth is aimed at. */
const PART = 0.625
/** Shorter by so much meanwhile: there was a queue, and there may be more of it. */
const GAIN = 0.9

export class Drain {
  private due: number = Number.POSITIVE_INFINITY
  /** The limit it returns to, and the shortest round trip known before. */
  private limit: number | undefined = undefined
  private rttMs = 0

  get isOn(): boolean {
    return this.limit !== undefined
  }

  isDue(now: number): boolean {
    return now >= this.due
  }

  /** What is known of the path may be wrong: not too long before it is looked at. */
  soon(now: number): void {
    this.due = now + FIRST_MS
  }

  /** The limit that holds meanwhile. */
  begin(limit: number, rttMs: number): number {
    this.limit = limit
    this.rttMs = rttMs
    return limit * PART
  }

  /**
   * A round trip of it is over; the limit that holds now. Goes on while round trips become shorter by it, down to `floor`. Only
   * looks: what follows from it is decided as ever, so that a lucky moment costs nothing.
   */
  next(limit: number, rttMs: number, floor: number, now: number): number {
    if (rttMs < GAIN * this.rttMs && limit > floor) {
      this.rttMs = rttMs
      return limit * PART
    }
    const before = this.limit as number
    this.limit = undefined
    this.due = now + EVERY_MS
    return before
  }
}
