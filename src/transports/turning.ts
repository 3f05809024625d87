// Turning: lets the event loop turn under a carrier that delivers by microtasks alone, where two busy ends would keep timers and
// sockets waiting for ever. Knows no bytes.

import { systemClock } from '../session/clock.ts'

/** Deliveries in a row without the event loop having turned: after the first number it is asked to, at the second waited for. */
const TURN_WANTED = 256
const TURN_NEEDED = 2048

export class Turning {
  private readonly again: () => void
  private deliveries = 0
  private asked = false

  /** `again` is called when `taken` has answered false and the loop has turned. */
  constructor(again: () => void) {
    this.again = again
  }

  /** Counts a delivery. False: not now. */
  taken(): boolean {
    if (++this.deliveries <= TURN_WANTED) return true
    if (!this.asked) {
      this.asked = true
      systemClock.set(() => {
        this.asked = false
        const waits = this.deliveries > TURN_NEEDED
        this.deliveries = 0
        if (waits) this.again()
      }, 0)
    }
    return this.deliveries <= TURN_NEEDED
  }
}
