// Backlog: messages held back for somebody who is behind, bounded by number and by bytes, and what gives when it is full.
// Knows no stream and no value.

/** What gives when a buffer is full: its oldest event, the one that arrives, or the subscription. */
export type Overflow = 'drop-oldest' | 'drop-newest' | 'fail'

/** Shifted messages leave holes at the front; this many, and the rest moves up. */
const HOLES_MAX = 64

export class Backlog {
  /** Messages that were given up. */
  dropped = 0
  private readonly max: number
  private readonly bytesMax: number
  private readonly overflow: Overflow
  private items: (Uint8Array | undefined)[] = []
  private head = 0
  private bytes = 0

  constructor(max: number, bytesMax: number, overflow: Overflow) {
    this.max = max
    this.bytesMax = bytesMax
    this.overflow = overflow
  }

  get size(): number {
    return this.items.length - this.head
  }

  /** Takes a message, giving up others or itself if need be. False: it does not fit, and nothing may be given up. */
  push(message: Uint8Array): boolean {
    if (!this.fits(message)) {
      if (this.overflow === 'fail') return false
      if (this.overflow === 'drop-newest') {
        this.dropped++
        return true
      }
      while (!this.fits(message)) {
        this.shift()
        this.dropped++
      }
    }
    this.items.push(message)
    this.bytes += message.length
    return true
  }

  shift(): Uint8Array | undefined {
    const message = this.items[this.head]
    if (message === undefined) return undefined
    this.items[this.head++] = undefined
    this.bytes -= message.length
    if (this.head === this.items.length) this.clear()
    else if (this.head >= HOLES_MAX && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head)
      this.head = 0
    }
    return message
  }

  clear(): void {
    this.items = []
    this.head = 0
    this.bytes = 0
  }

  /** One message always fits, however large: else it could never be had. */
  private fits(message: Uint8Array): boolean {
    return this.size === 0 || (this.size < this.max && this.bytes + message.length <= this.bytesMax)
  }
}
