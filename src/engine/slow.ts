// SlowFrame: whether a frame that was begun goes on. Pure: time and how far the reading is are handed in. What is to be done about
// one that does not is its owner's business. docs/PROTOCOL.md, section 8.

import { LATE_MS } from './liveness.ts'

/** A frame must get on by so many bytes in that time. */
export const SLOW_PEER_MS = 10_000
const SLOW_PEER_BYTES = 5120
/** Before the verdict of a look that was a little late: a blocked event loop runs its timers first and reads afterwards. */
const VERDICT_MS = 10

/** How many frames were read, and how many bytes of the next. */
export interface Reading {
  readonly frames: number
  readonly pending: number
}

export class SlowFrame {
  /** When to look next. */
  due: number = Number.POSITIVE_INFINITY
  private frames = -1
  private bytes = 0
  private asked = false

  /** A frame is under way. */
  watch({ frames, pending }: Reading, now: number): void {
    if (this.frames === frames) return
    this.frames = frames
    this.bytes = pending
    this.asked = false
    this.due = now + SLOW_PEER_MS
  }

  /** None is. */
  forget(): void {
    this.frames = -1
    this.due = Number.POSITIVE_INFINITY
  }

  /** True, once for each frame, when it has not got on; else the next ten seconds begin with the next `watch`. */
  stuck({ frames, pending }: Reading, now: number): boolean {
    if (now < this.due) return false
    const late = now - this.due
    const standing = frames === this.frames && pending - this.bytes < SLOW_PEER_BYTES
    if (standing && late > 0 && late <= LATE_MS && !this.asked) {
      this.asked = true
      this.due = now + VERDICT_MS
      return false
    }
    // After a sleep of ours what came meanwhile has yet to be read.
    const stuck = standing && late <= LATE_MS
    this.due = Number.POSITIVE_INFINITY
    if (!stuck) this.frames = -1
    return stuck
  }
}
