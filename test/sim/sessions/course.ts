// Course: moves a world of sessions on, action by action, and lets promises speak after each. Tells a world that is stuck from one
// that waits.

import type { Clock } from '../clock.ts'
import { must } from '../model.ts'
import type { Ledger } from './ledger.ts'

/** Steps, and timers one after the other while nothing else happens, after which a world is stuck. */
const STEPS_MAX = 200_000
const IDLE_TIMERS_MAX = 500
/** Longer than anything in a world takes: keeping, dialling, noticing. */
const PATIENCE_MS = 4_000_000
/** Counting what sessions hold takes longer than a step does. */
const STEPS_PER_CHECK = 12

/** What is moved on. */
export interface Moved {
  readonly clock: Clock
  readonly ledger: Ledger
  /** No session is left. */
  readonly isOver: boolean
  /** What has not come about yet, though it ought to. */
  missing(): string | undefined
  /** What must hold at any time; throws. */
  check(): void
}

export class Course {
  steps = 0
  #ran = false
  #progress = -1
  #progressAt = 0
  readonly #host: Moved

  constructor(host: Moved) {
    this.#host = host
  }

  /** Something ran that promises may hang on. */
  ran(): void {
    this.#ran = true
  }

  /** Nothing has moved for longer than any wait there is. Whoever lost bytes may wait for them until somebody ends it. */
  givesUp(): boolean {
    const { ledger, clock } = this.#host
    if (ledger.progress !== this.#progress) {
      this.#progress = ledger.progress
      this.#progressAt = clock.now
    }
    if (clock.now - this.#progressAt < PATIENCE_MS) return false
    must(ledger.lenient, () => `stuck for ${PATIENCE_MS} ms: ${this.#late()}`)
    return true
  }

  async #step(): Promise<boolean> {
    this.#ran = false
    if (!this.#host.clock.step()) return false
    this.steps++
    if (this.#ran) await turn()
    const { violation } = this.#host.ledger
    must(violation === undefined, () => violation as string)
    if (this.steps % STEPS_PER_CHECK === 0) this.#host.check()
    must(this.steps < STEPS_MAX, () => `no end after ${this.steps} steps: ${this.#host.missing()}`)
    return true
  }

  /** Until nothing is left but timers. */
  async settle(): Promise<void> {
    await turn()
    while (this.#host.clock.busy > 0) await this.#step()
  }

  /** Nothing is left but timers: they may set things going again. False: there are none. */
  async idle(enough: () => boolean): Promise<boolean> {
    for (let left = IDLE_TIMERS_MAX; left > 0 && this.#host.clock.busy === 0; left--) {
      if (!(await this.#step())) {
        // Whoever lost bytes may wait for them until somebody ends it.
        must(
          this.#host.isOver || (this.#host.ledger.lenient && !this.#host.ledger.ending),
          () => `stuck, and nothing is left: ${this.#late()}`,
        )
        return false
      }
      if (enough()) return true
    }
    must(this.#host.clock.busy > 0, () => `stuck, with nothing but timers: ${this.#late()}`)
    return true
  }

  #late(): string {
    return this.#host.missing() ?? 'a session is not over'
  }
}

/** Lets all promises say what they have to say. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
