// How many DATA bytes may be in flight: handed to the transport and not yet acknowledged by the peer's engine.
// Credit bounds the peer's memory; this bounds the queue that calls and other streams would have to wait behind.
// The one place that decides it. A simple bound for now: about what fits a fast path's caches, doubled on longer ones.

import { BraidError } from './errors.ts'

/** Measured optimum on loopback, both for bulk and for calls beside it. */
const LIMIT_BYTES_MIN = 524_288
const LIMIT_BYTES_MAX = 33_554_432
/** Paths below this round trip are fast enough for the first limit. */
const SHORT_PATH_MS = 2
/** A round trip this many times the smallest one was spent in a queue: more in flight would only lengthen it. */
const QUEUED_RATIO = 1.25
/** On a short path, half of the limit: seldom is cheap. */
const MARK_BYTES_MIN = LIMIT_BYTES_MIN / 2
/** On a long one: each acknowledgement lets go as much again at once, and that must not look like a queue. */
const MARKS_PER_LIMIT = 8
/**
 * On a path that is slow, or may be: there acknowledgements are the only sign of life, as a PONG waits behind all that is in flight.
 */
const MARK_BYTES_SLOW = 32_768
const SLOW_PATH_MS = 1_000
const FRAME_BYTES = 65_536
const RTT_SAMPLES = 8

interface Mark {
  readonly frames: number
  readonly bytes: number
  /** Undefined: it went out again on another transport, and says nothing of the path. */
  sentAt: number | undefined
}

export class Pace {
  limit: number = LIMIT_BYTES_MIN
  /** Sequenced frames written so far, and how many of them the peer has reported. */
  framesSent = 0
  framesAcked = 0
  /** Set by the scheduler's loop when it wanted to send more than there was room for. */
  limited = false
  private bytesSent = 0
  private bytesAcked = 0
  private markedAt = 0
  private readonly marks: Mark[] = []
  /** The limit may grow again when frames written after this one are acknowledged. */
  private growAfter = 0
  private readonly rtts: number[] = []
  /** Smallest round trip of the whole session: what the path takes when nothing queues on it. */
  private rttMin = Number.POSITIVE_INFINITY

  get inFlight(): number {
    return this.bytesSent - this.bytesAcked
  }

  get room(): number {
    return this.limit - this.inFlight
  }

  /** Smallest of the last round trips; undefined before the first. */
  get rttMs(): number | undefined {
    return this.rtts.length === 0 ? undefined : Math.min(...this.rtts)
  }

  /** Nothing is known of the path yet, or the last round trip took long. */
  private get isSlow(): boolean {
    const last = this.rtts.at(-1)
    return last === undefined || last > SLOW_PATH_MS
  }

  /** Whether a DATA frame of this size, about to be written, should ask for an acknowledgement. */
  wantsMark(bytes: number): boolean {
    const since = this.bytesSent + bytes - this.markedAt
    const every = this.isSlow ? MARK_BYTES_SLOW : Math.max(MARK_BYTES_MIN, this.limit / MARKS_PER_LIMIT)
    return since >= every || bytes >= this.room
  }

  /** A DATA frame was written; it is counted among `framesSent` already. */
  sent(bytes: number, marked: boolean, now: number): void {
    this.bytesSent += bytes
    if (marked) {
      this.markedAt = this.bytesSent
      this.marks.push({ frames: this.framesSent, bytes: this.bytesSent, sentAt: now })
    }
  }

  /** @throws BraidError PROTOCOL when more is acknowledged than was sent. */
  acked(frames: number, now: number): void {
    this.framesAcked += frames
    if (frames < 0 || this.framesAcked > this.framesSent)
      throw new BraidError('PROTOCOL', 'an ACK for frames that were never sent')
    let last: Mark | undefined
    while (this.marks.length > 0 && this.marks[0].frames <= this.framesAcked) last = this.marks.shift()
    if (last === undefined) return
    this.bytesAcked = last.bytes
    if (last.sentAt === undefined) return
    const rtt = now - last.sentAt
    this.sample(rtt)
    this.grow(rtt)
  }

  /** A new transport, whose other end has so many frames. @throws BraidError PROTOCOL when that cannot be. */
  resumed(frames: number): void {
    if (frames < this.framesAcked || frames > this.framesSent) {
      const known = `${this.framesAcked} to ${this.framesSent}`
      throw new BraidError('PROTOCOL', `resumed after frame ${frames}; possible are ${known}`)
    }
    for (const mark of this.marks) mark.sentAt = undefined
    this.acked(frames - this.framesAcked, 0)
  }

  /** One round trip was measured, by a mark or by a ping. */
  sample(rttMs: number): void {
    if (this.rtts.length === RTT_SAMPLES) this.rtts.shift()
    this.rtts.push(rttMs)
    if (rttMs < this.rttMin) this.rttMin = rttMs
  }

  /**
   * Judged by the smallest round trip ever seen: a busy moment of either side, or the queue a larger limit makes by itself, must
   * not pass for a long path. A limit raised before the path was known to be short is taken back.
   */
  private grow(rtt: number): void {
    if (this.rttMin <= SHORT_PATH_MS) {
      // Down to what is in flight, and again with each acknowledgement. With no mark out there would be none: one more
      // frame is let go, which carries one.
      const spare = this.marks.length > 0 ? 0 : FRAME_BYTES
      this.limit = Math.max(LIMIT_BYTES_MIN, this.inFlight + spare)
      return
    }
    if (!this.limited || this.framesAcked < this.growAfter) return
    this.limited = false
    this.growAfter = this.framesSent
    if (rtt <= QUEUED_RATIO * this.rttMin) this.limit = Math.min(2 * this.limit, LIMIT_BYTES_MAX)
  }
}
