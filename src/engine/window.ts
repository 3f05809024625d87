// All credit arithmetic: what may be sent, what may arrive, when credit goes back. Knows bytes, not frames.
// docs/PROTOCOL.md, section 5.5; growth after Braidwire's pacing rule: a reader that keeps up gets what its sender asks for.

import { BraidError } from './errors.ts'
import { WINDOW_MAX } from './options.ts'

/** Less is not worth a frame: a grant below it costs the peer a token. */
const GROWTH_BYTES_MIN = 1024

/**
 * Credit to send, after the peer granted more.
 *
 * @throws BraidError PROTOCOL for a grant of nothing, FLOW_CONTROL above 2^30-1.
 */
export function granted(credit: number, bytes: number): number {
  if (bytes === 0) throw new BraidError('PROTOCOL', 'a credit of 0')
  if (credit + bytes > WINDOW_MAX) throw new BraidError('FLOW_CONTROL', 'credit above 2^30-1')
  return credit + bytes
}

/** Credit given to the peer. At any time: size = left + unread + owed. */
export class ReceiveWindow {
  size: number
  /** What the peer may still send. */
  left: number
  /** Taken by the application and not yet granted again. */
  owed = 0
  /** The window the peer asked for; 0: it did not. */
  wanted = 0
  /** The application has taken something: it reads at all. */
  private taken = false

  constructor(size: number) {
    this.size = size
    this.left = size
  }

  get unread(): number {
    return this.size - this.left - this.owed
  }

  /** @throws BraidError FLOW_CONTROL when more is declared than was granted. */
  charge(bytes: number, what: string): void {
    if (bytes > this.left)
      throw new BraidError('FLOW_CONTROL', `${bytes} bytes came with ${this.left} of ${what} credit left`)
    this.left -= bytes
  }

  /** The application took bytes. True: enough is owed to be worth a frame (a quarter, as neqo and quic-go do). */
  consumed(bytes: number): boolean {
    this.owed += bytes
    this.taken = true
    return this.owed * 4 >= this.size
  }

  /** Half is owed: the sender may soon have to wait for it. Less than that can go with the next acknowledgement. */
  get pressing(): boolean {
    return this.owed * 2 >= this.size
  }

  /** Grants what is owed and returns it. */
  grant(): number {
    const bytes = this.owed
    this.owed = 0
    this.left += bytes
    return bytes
  }

  /** By how much the window may grow now: the reader must keep up, or more credit would only become more memory. */
  growth(sizeMax: number, pool: number): number {
    if (!this.taken || this.wanted <= this.size || this.unread * 2 > this.size) return 0
    const bytes = Math.min(this.wanted - this.size, sizeMax - this.size, pool)
    return bytes < GROWTH_BYTES_MIN ? 0 : bytes
  }

  grow(bytes: number): void {
    this.size += bytes
    this.owed += bytes
  }
}
