// A link in virtual time under one pace, for tests: of any rate and round trip, with event loops that are busy now and then and
// wake-ups that are late. A stream fills it without end. Has no tests of its own.

import assert from 'node:assert/strict'
import { Pace } from './pace.ts'

export interface LinkPlan {
  /** Bytes a ms. */
  rate: number
  rttMs: number
  /** Each side is busy for up to so long, once in about `everyMs`. */
  readonly busyMs?: number
  readonly everyMs?: number
  /** Each wake-up comes up to so much later. */
  readonly wakeMs?: number
  /** Uniform in [0, 1). */
  readonly random?: () => number
}

/** When one side, which is busy now and then, gets to do something. */
class Loop {
  private from: number
  private until = 0
  private at = 0
  private readonly plan: LinkPlan
  private readonly random: () => number

  constructor(plan: LinkPlan, random: () => number) {
    this.plan = plan
    this.random = random
    this.from = plan.busyMs ? random() * (plan.everyMs ?? 0) : Number.POSITIVE_INFINITY
  }

  /** Not before what it did last. */
  when(due: number): number {
    const { busyMs = 0, everyMs = 0, wakeMs = 0 } = this.plan
    const time = Math.max(this.at, due + this.random() * wakeMs)
    while (time >= this.from) {
      this.until = this.from + busyMs * this.random()
      this.from = this.until + everyMs * (0.5 + this.random())
    }
    this.at = Math.max(time, this.until)
    return this.at
  }
}

export class LinkModel {
  readonly pace: Pace = new Pace()
  readonly plan: LinkPlan
  now = 0
  /** Bytes that arrived, and the most that was in flight since this was last set to 0. */
  arrived = 0
  flightMax = 0
  private freeAt = 0
  private told = 0
  private readonly acks: { readonly at: number; readonly frames: number; readonly bytes: number }[] = []
  private sentBytes = 0
  /** How far the clock is that the pace is told. */
  private ahead = 0
  private readonly near: Loop
  private readonly far: Loop

  constructor(plan: LinkPlan) {
    this.plan = plan
    const random = plan.random ?? (() => 0.5)
    this.near = new Loop(plan, random)
    this.far = new Loop(plan, random)
  }

  /** Sends as output does: as much as there is room for, at most so many bytes. */
  fill(most: number = Number.POSITIVE_INFINITY): void {
    const { pace, plan } = this
    let left = most
    while (pace.room > 0 && left > 0) {
      const size = Math.min(65_536, pace.room, pace.frameBytes, left)
      const marked = pace.wantsMark(size)
      pace.framesSent++
      pace.sent(size, marked, this.now + this.ahead)
      left -= size
      this.sentBytes += size
      this.freeAt = Math.max(this.freeAt, this.now) + size / plan.rate
      if (!marked) continue
      const readAt = this.far.when(this.freeAt + plan.rttMs / 2)
      const at = this.near.when(readAt + plan.rttMs / 2)
      this.acks.push({ at, frames: pace.framesSent - this.told, bytes: this.sentBytes })
      this.told = pace.framesSent
    }
    if (left > 0) pace.limited = true
    this.flightMax = Math.max(this.flightMax, pace.inFlight)
  }

  /** The next acknowledgement that comes before then; false if none does. */
  ack(untilMs: number): boolean {
    const ack = this.acks[0]
    if (ack === undefined || ack.at > untilMs) return false
    this.acks.shift()
    this.now = Math.max(this.now, ack.at)
    this.arrived = ack.bytes
    this.pace.acked(ack.frames, this.now + this.ahead)
    return true
  }

  /** The clock of the sender is set. */
  jump(ms: number): void {
    this.ahead += ms
  }

  /** A stream without end until then. */
  saturate(untilMs: number): void {
    do {
      this.fill()
      assert.ok(this.acks.length > 0, 'nothing is under way, and there is no room')
    } while (this.ack(untilMs))
    this.now = Math.max(this.now, untilMs)
  }

  /** Bytes a ms over so long, with a stream without end. */
  measure(ms: number): number {
    const [begun, from] = [this.arrived, this.now]
    this.flightMax = 0
    this.saturate(this.now + ms)
    return (this.arrived - begun) / (this.now - from)
  }
}
