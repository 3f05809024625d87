// Place: where an application works - one session on one side of a world - and what it may use there.

import type { Session } from '#dist/session/session.js'
import type { Stream } from '#dist/session/stream.js'
import { type SideIndex, sideName } from '../model.ts'
import type { Ledger } from './ledger.ts'
import type { SessionPlan } from './plan.ts'
import type { SideClock } from './side-clock.ts'

export class Place {
  readonly side: SideIndex
  readonly session: Session
  readonly time: SideClock
  readonly ledger: Ledger
  /** When everything that held back is to go on. */
  readonly released: Promise<void>
  /** Open streams. */
  readonly streams = new Set<Stream>()
  readonly pieceMax: number
  readonly slow: number

  constructor(
    side: SideIndex,
    session: Session,
    time: SideClock,
    ledger: Ledger,
    released: Promise<void>,
    plan: SessionPlan,
  ) {
    this.side = side
    this.session = session
    this.time = time
    this.ledger = ledger
    this.released = released
    this.pieceMax = plan.pieceMax
    this.slow = plan.slow
  }

  get name(): string {
    return sideName(this.side)
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.time.after(ms, resolve))
  }

  /** Bytes that came and nobody has read. */
  get unread(): number {
    let sum = 0
    for (const stream of this.streams) sum += stream.stats().unread
    return sum
  }
}
