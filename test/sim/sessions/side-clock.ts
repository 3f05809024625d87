// The time of one side: the Clock its sessions are given, over that of the simulator. It may jump, and the side may stand
// still, as a process whose event loop is blocked or a laptop that sleeps: then timers come late, and before what arrived.

import type { Clock as SessionClock } from '#dist/session/clock.js'
import type { Clock, Due } from '../clock.ts'

interface Timer {
  readonly task: () => void
  /** On the clock of this side. */
  readonly due: number
  entry: Due
}

export class SideClock implements SessionClock {
  #offset = 0
  #frozen = false
  readonly #clock: Clock
  readonly #ran: () => void
  readonly #timers = new Set<Timer>()
  /** What reached the side while it stood still. */
  #late: (() => void)[] = []

  /** `ran` is told whenever something ran on this side: promises may have something to say now. */
  constructor(clock: Clock, ran: () => void) {
    this.#clock = clock
    this.#ran = ran
  }

  now(): number {
    return this.#clock.now + this.#offset
  }

  set(task: () => void, ms: number): unknown {
    const due = this.now() + Math.max(0, ms)
    const timer: Timer = { task, due, entry: this.#arm(due, () => this.#ring(timer)) }
    this.#timers.add(timer)
    return timer
  }

  clear(handle: unknown): void {
    const timer = handle as Timer
    if (this.#timers.delete(timer)) this.#clock.cancel(timer.entry)
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size
  }

  /** What this side does at a time of the simulator, or as soon as it can. It counts as something still to come. */
  after(ms: number, task: () => void): void {
    this.#clock.after(ms, () => this.run(task))
  }

  /** The same, but nobody waits for it. */
  idleAfter(ms: number, task: () => void): void {
    this.#clock.at(this.#clock.now + ms, () => this.run(task), true)
  }

  /** What happens to this side, now or when it moves again. */
  run(task: () => void): void {
    if (this.#frozen) {
      this.#late.push(() => this.run(task))
      return
    }
    this.#ran()
    task()
  }

  /** Its time is later by so much, from one moment to the next. */
  jump(ms: number): void {
    this.#offset += ms
    for (const timer of this.#timers) {
      this.#clock.cancel(timer.entry)
      timer.entry = this.#arm(timer.due, () => this.#ring(timer))
    }
  }

  /** Nothing happens on this side for so long. */
  freeze(ms: number): void {
    if (this.#frozen) return
    this.#frozen = true
    this.#clock.after(ms, () => {
      this.#frozen = false
      // A runtime asks its timers first, then its sockets.
      const timers = [...this.#timers].filter(({ due }) => due <= this.now()).sort((a, b) => a.due - b.due)
      for (const timer of timers) {
        this.#clock.cancel(timer.entry)
        timer.entry = this.#clock.after(0, () => this.#ring(timer))
      }
      for (const task of this.#late.splice(0)) this.#clock.after(0, task)
    })
  }

  #arm(due: number, ring: () => void): Due {
    return this.#clock.at(due - this.#offset, ring, true)
  }

  #ring(timer: Timer): void {
    if (this.#frozen || !this.#timers.delete(timer)) return
    this.#ran()
    timer.task()
  }
}
