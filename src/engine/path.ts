// The model of one path: from what marks tell (how long one took, how much was in flight with it) to how much may be in flight,
// how often it asks, and how long a frame is. Pure: time and marks are handed in. Knows no frame and no stream; what is in
// flight is pace.ts, the arithmetic portions.ts. The law is that of delay-based windows (Vegas, FAST TCP): what one round trip takes and a little more.

import { Drain } from './drain.ts'
import * as portions from './portions.ts'
import { RoundTrips } from './round-trips.ts'
import { Train } from './train.ts'
import { Trial } from './trial.ts'

/** Until the first acknowledgement, and on a path that has shown a queue at the start. */
export const LIMIT_BYTES_FIRST = 262_144
const LIMIT_BYTES_START = 65_536
/** Less is not worth the acknowledgements. */
export const LIMIT_BYTES_MIN = 16_384
export const LIMIT_BYTES_MAX = 33_554_432
/** Below it more than the fast limit gains nothing. */
const LOOPBACK_MS = 1
/** Below it a path is taken for a fast one until it is judged, and its late acknowledgements for a busy machine. */
const SHORT_PATH_MS = 2
const BUSY_MS = 10_000
/** No less than this before a queue is believed: an event loop that was busy for 50 ms delays all that it reads at the end. */
const JUDGED_MS = 150
const JUDGED_TRIPS = 2
/** Below this part of the limit; above what a limit was before it grew. */
const FULL = 0.8
const GROWTH_AT_START = 2
const FIRST_ROUNDS = 3
const GROWTH = 1.5
/** What the first flights tell raises the limit no further; then it doubles. */
const TRAIN_LIMIT_MAX = 8_388_608

/** A mark as it went. */
export interface Mark {
  /** All bytes sent by then, its own included, and how many of them were in flight. */
  readonly bytes: number
  readonly flight: number
  /** The last round trip known then, in ms; 0: none. */
  readonly before: number
}

/** The mark that took least in some stretch of time, of those that say something about the limit. */
interface Best {
  rttMs: number
  flight: number
}

const none = (): Best => ({ rttMs: Number.POSITIVE_INFINITY, flight: 0 })

export class Path {
  readonly trips: RoundTrips = new RoundTrips()
  /** Bytes that may be in flight. */
  limit: number = LIMIT_BYTES_FIRST
  /** A mark at least every so many bytes. */
  markBytes: number = portions.MARK_BYTES_SLOW
  /** The longest payload of a DATA frame. */
  frameBytes: number = portions.FRAME_BYTES_MAX
  private starting = true
  /** Undefined: not judged yet. */
  private fast: boolean | undefined = undefined
  /** A round is over when something sent after its beginning is acknowledged. */
  private roundEnd = 0
  private rounds = 0
  private round = none()
  /** Several rounds: what they have in common is no accident. */
  private stretchAt = 0
  private stretchFrom = 0
  private stretch = none()
  private stretchHeldMs = Number.POSITIVE_INFINITY
  private stretchLimited = false
  /** The limit was lowered; the round after that still tells what was before. */
  private lowered = false
  private changed = false
  private readonly trial: Trial = new Trial()
  private readonly drain: Drain = new Drain()
  /** Until then late acknowledgements are put down to a busy machine. */
  private busyUntil = Number.NEGATIVE_INFINITY
  private readonly train: Train = new Train()
  /** While starting: the path carries no more, in bytes a ms. */
  private rateMax = Number.POSITIVE_INFINITY

  /** A round trip of the transport, by a mark or by a ping. */
  sample(rttMs: number, now: number): void {
    if (!this.trips.known) {
      this.drain.soon(now)
      this.stretchAt = now
    }
    this.trips.add(rttMs, now)
    this.settle()
  }

  /**
   * A mark was acknowledged. `sent`: all bytes sent by now; `limited`: in this round more could have been sent. True when a
   * round is over.
   */
  delivered(mark: Mark, rttMs: number, sent: number, limited: boolean, now: number): boolean {
    const { flight } = mark
    this.sample(rttMs, now)
    if (rttMs < 0) return false
    // With less in flight it says nothing of the limit; one that went before the limit grew had less.
    if (flight >= this.limit * FULL) {
      if (rttMs < this.stretch.rttMs) this.stretch = { rttMs, flight }
      // One that went when an acknowledgement had come late found less in front of it than was in flight.
      const heldMs = Math.max(rttMs, mark.before)
      if (heldMs < this.round.rttMs) this.round = { rttMs: heldMs, flight }
    }
    if (this.starting) this.start(mark, rttMs, now)
    const over = mark.bytes > this.roundEnd
    if (over) {
      this.endRound(limited, mark.bytes, now)
      this.roundEnd = sent
      this.rounds++
      this.round = none()
    }
    this.settle()
    return over
  }

  /** The window worth asking for, in bytes, of all streams together. */
  get windowBytes(): number {
    const { limit, trips, rateMax } = this
    const known = this.starting && trips.known && !this.isShort
    return known ? portions.firstWindowBytes(limit, trips.shortest, rateMax) : portions.windowBytes(limit)
  }

  private get isShort(): boolean {
    return this.trips.shortest < SHORT_PATH_MS
  }

  /** How long a mark waited in a queue, but for what went together with it. */
  private queued({ rttMs, flight }: Best): number {
    return rttMs * (1 - Math.min(1, this.markBytes / flight)) - this.trips.shortest
  }

  private start({ flight, bytes }: Mark, rttMs: number, now: number): void {
    const { shortest } = this.trips
    if (this.isShort) {
      this.limit = Math.max(this.limit, portions.LIMIT_BYTES_FAST)
      return
    }
    this.rateMax = (2 * flight) / Math.max(rttMs - shortest, Number.MIN_VALUE)
    const most = Math.max(LIMIT_BYTES_START, this.rateMax * shortest)
    // The first flights only: later it would be a limit for ever wherever acknowledgements often come late.
    if (this.rounds < FIRST_ROUNDS) this.limit = Math.min(this.limit, most)
    const rate = this.train.rate(bytes, shortest, now)
    if (rate !== undefined) this.limit = Math.max(this.limit, Math.min(this.target(rate), TRAIN_LIMIT_MAX))
  }

  private target(rate: number): number {
    const { shortest } = this.trips
    const bytes = rate * (shortest + portions.queueMs(rate, shortest))
    return bytes + portions.markBytes(bytes, this.isShort && portions.isFast(rate), 0)
  }

  /** `bytes`: all that were acknowledged by now. */
  private endRound(limited: boolean, bytes: number, now: number): void {
    const { round, drain, trips } = this
    if (drain.isOn) {
      this.limit = drain.next(this.limit, trips.shortest, LIMIT_BYTES_MIN, now)
      // It has become shorter by it: the queue was ours.
      if (drain.isOn) this.busyUntil = now
      this.changed = true
      return
    }
    if (this.changed) return this.nextStretch(bytes, now)
    if (limited) this.stretchLimited = true
    this.stretchHeldMs = Math.min(this.stretchHeldMs, round.rttMs)
    if (limited && this.fits(round)) {
      this.limit = Math.min(this.limit * (this.starting ? GROWTH_AT_START : GROWTH), LIMIT_BYTES_MAX)
    } else if (now - this.stretchAt < Math.max(JUDGED_MS, JUDGED_TRIPS * trips.shortest)) return
    else if (this.stretchLimited && this.stretch.flight > 0) {
      this.judge(this.stretch, (bytes - this.stretchFrom) / (now - this.stretchAt), now)
    }
    this.nextStretch(bytes, now)
    // On loopback nothing follows from how short it is.
    if (!limited || !drain.isDue(now) || (this.isShort && this.limit === portions.LIMIT_BYTES_FAST)) return
    this.limit = drain.begin(this.limit, trips.shortest)
  }

  private nextStretch(bytes: number, now: number): void {
    this.changed = this.lowered
    this.lowered = false
    this.stretchAt = now
    this.stretchFrom = bytes
    this.stretch = none()
    this.stretchHeldMs = Number.POSITIVE_INFINITY
    this.stretchLimited = false
  }

  /** There is no queue to speak of: more may be in flight. */
  private fits(best: Best): boolean {
    if (best.flight === 0) return false
    return this.queued(best) < portions.queueMs(best.flight / best.rttMs, this.trips.shortest) / 2
  }

  /** Lowers the limit if everything for some time waited in a queue; `delivered`: bytes a ms. */
  private judge(best: Best, delivered: number, now: number): void {
    const rate = best.flight / best.rttMs
    const fast = portions.isFast(rate)
    // Once may be luck: after a busy moment there is no queue.
    if (fast && this.fast && this.isShort) this.limit = Math.max(this.limit, portions.LIMIT_BYTES_FAST)
    this.fast = fast
    const before = this.trial.failed(this.limit, delivered)
    if (before !== undefined) return this.notOurs(before, now)
    if (now < this.busyUntil) return
    if (this.queued(best) <= 2 * portions.queueMs(rate, this.trips.shortest)) return this.trial.end()
    const target = Math.max(this.target(rate), fast ? portions.LIMIT_BYTES_FAST : LIMIT_BYTES_MIN)
    if (target >= this.limit) return
    this.trial.begin(this.limit, delivered)
    this.limit = Math.max(target, this.limit / 2)
    this.lowered = true
    this.starting = false
  }

  /** It was no queue, or not ours: the path has become longer, others queue there, or this machine is busy. */
  private notOurs(limit: number, now: number): void {
    this.limit = Math.max(this.limit, limit)
    this.busyUntil = now + BUSY_MS
    if (this.isShort) return
    // What holds twice in succession, because the least may have been luck.
    this.trips.restart(this.stretchHeldMs)
    this.drain.soon(now)
  }

  /** What follows from limit and round trips. */
  private settle(): void {
    const { trips } = this
    if (trips.shortest < LOOPBACK_MS) this.limit = Math.min(this.limit, portions.LIMIT_BYTES_FAST)
    this.limit = Math.floor(this.limit)
    this.frameBytes = portions.frameBytes(this.limit)
    this.markBytes = portions.markBytes(this.limit, this.isShort && this.fast !== false, trips.latest ?? 0)
  }
}
