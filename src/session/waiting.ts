// Waiting: what has arrived before its handler, in order, each for the same bounded time. One timer for all.

import type { Clock } from './clock.ts'

/** How soon to look again at what is kept beyond its time. */
const KEEP_MS = 100

export class Waiting<T> {
  private readonly clock: Clock
  private readonly waitMs: number
  private readonly expired: (item: T) => void
  private readonly kept: (item: T) => boolean
  private readonly items = new Map<T, number>()
  private timer: unknown
  /** How many were given up. */
  refused = 0

  /** `kept`: whether one whose time is over may wait on, in its place. Default: none. */
  constructor(clock: Clock, waitMs: number, expired: (item: T) => void, kept: (item: T) => boolean = () => false) {
    this.clock = clock
    this.waitMs = waitMs
    this.expired = expired
    this.kept = kept
  }

  get size(): number {
    return this.items.size
  }

  add(item: T): void {
    this.items.set(item, this.clock.now() + this.waitMs)
    this.arm()
  }

  /** False if it does not wait. */
  delete(item: T): boolean {
    const waited = this.items.delete(item)
    if (waited && this.items.size === 0) this.stop()
    return waited
  }

  /** Oldest first. Deleting while iterating is fine. */
  [Symbol.iterator](): Iterator<T> {
    return this.items.keys()
  }

  /** Forgets all, calling nobody. */
  clear(): void {
    this.items.clear()
    this.stop()
  }

  private arm(): void {
    if (this.timer !== undefined || this.items.size === 0) return
    let first = Number.POSITIVE_INFINITY
    for (const due of this.items.values()) first = Math.min(first, due)
    this.timer = this.clock.set(this.onTimer, Math.max(0, Math.ceil(first - this.clock.now())))
  }

  private stop(): void {
    if (this.timer !== undefined) this.clock.clear(this.timer)
    this.timer = undefined
  }

  private readonly onTimer = (): void => {
    this.timer = undefined
    const now = this.clock.now()
    for (const [item, due] of this.items) {
      if (due > now) continue
      if (this.kept(item)) {
        this.items.set(item, now + Math.max(this.waitMs, KEEP_MS))
        continue
      }
      this.items.delete(item)
      this.refused++
      this.expired(item)
    }
    this.arm()
  }
}
