// ManualClock: time that passes when a test says so.

import type { Clock } from '../session/clock.ts'

interface Timer {
  readonly task: () => void
  readonly due: number
}

/**
 * A clock for the option `clock`: timers run when `advance` reaches them.
 *
 * @example
 * import { ManualClock, pair } from 'braidwire/test'
 * const clock = new ManualClock()
 * const [a, b] = pair({ clock })
 * b.handleCall('never', () => new Promise(() => {}))
 * const call = a.call('never', new Uint8Array(0), { timeout: 5000 })
 * clock.advance(5000)
 * await call.catch((error) => console.log(error.code)) // 'BRAID_DEADLINE'
 * await a.close()
 */
export class ManualClock implements Clock {
  private time = 0
  private readonly timers = new Set<Timer>()

  now(): number {
    return this.time
  }

  set(task: () => void, ms: number): unknown {
    const timer = { task, due: this.time + ms }
    this.timers.add(timer)
    return timer
  }

  clear(handle: unknown): void {
    this.timers.delete(handle as Timer)
  }

  /** How many timers are set. */
  get pending(): number {
    return this.timers.size
  }

  /** Lets `ms` pass, running what is due in order. */
  advance(ms: number): void {
    const end = this.time + ms
    for (;;) {
      let next: Timer | undefined
      for (const timer of this.timers)
        if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer
      if (next === undefined) break
      this.timers.delete(next)
      this.time = Math.max(this.time, next.due)
      next.task()
    }
    this.time = end
  }

  /** Lets `ms` pass in which nothing runs, as when a laptop sleeps or a loop is blocked; then what is due runs, late. */
  sleep(ms: number): void {
    this.time += ms
    this.advance(0)
  }
}
