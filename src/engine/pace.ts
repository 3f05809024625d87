// What is in flight: DATA handed to the transport and not yet acknowledged by the peer's engine, and the marks that ask.
// Credit bounds the peer's memory; this bounds the queue that calls and other streams would have to wait behind. Accounts
// only: how much may be in flight is the model of the path, path.ts.

import { BraidError } from './errors.ts'
import { type Mark, Path } from './path.ts'
import { PORTION_BYTES_MIN } from './portions.ts'

/** The first frame is no longer and asks at once: it tells the round trip before there can be much of a queue. */
const FIRST_BYTES = 16_384

interface SentMark extends Mark {
  readonly frames: number
  /** Undefined: it went out again on another transport, and says nothing of the path. */
  sentAt: number | undefined
}

export class Pace {
  /** Sequenced frames written so far, and how many of them the peer has reported. */
  framesSent = 0
  framesAcked = 0
  /** Set by the scheduler's loop when it wanted to send more than there was room for. */
  limited = false
  /** The one that is used now. */
  path: Path = new Path()
  private bytesSent = 0
  private bytesAcked = 0
  private markedAt = 0
  private readonly marks: SentMark[] = []

  get limit(): number {
    return this.path.limit
  }

  get inFlight(): number {
    return this.bytesSent - this.bytesAcked
  }

  /**
   * The limit may have fallen below what is in flight. With no mark under way none of that would ever be acknowledged: one more
   * frame is let go, which carries one.
   */
  get room(): number {
    const room = this.limit - this.inFlight
    return room > 0 || this.marks.length > 0 ? room : PORTION_BYTES_MIN
  }

  /** The longest payload of the next DATA frame, beside what the room allows. */
  get frameBytes(): number {
    return this.isFirst ? FIRST_BYTES : this.path.frameBytes
  }

  /** Smallest of the last round trips; undefined before the first. */
  get rttMs(): number | undefined {
    return this.path.trips.recent
  }

  /** Nothing was asked on this path yet. */
  private get isFirst(): boolean {
    return this.marks.length === 0 && !this.path.trips.known
  }

  private get markBytes(): number {
    return this.isFirst ? FIRST_BYTES : this.path.markBytes
  }

  /** Whether a DATA frame of this size, about to be written, should ask for an acknowledgement. */
  wantsMark(bytes: number): boolean {
    const since = this.bytesSent + bytes - this.markedAt
    return since >= this.markBytes || bytes >= this.room
  }

  /** A DATA frame was written; it is counted among `framesSent` already. */
  sent(bytes: number, marked: boolean, now: number): void {
    this.bytesSent += bytes
    if (marked) {
      this.markedAt = this.bytesSent
      const before = this.path.trips.latest ?? 0
      this.marks.push({ frames: this.framesSent, bytes: this.bytesSent, flight: this.inFlight, before, sentAt: now })
    }
  }

  /** @throws BraidError PROTOCOL when more is acknowledged than was sent. */
  acked(frames: number, now: number): void {
    this.framesAcked += frames
    if (frames < 0 || this.framesAcked > this.framesSent)
      throw new BraidError('PROTOCOL', 'an ACK for frames that were never sent')
    let last: SentMark | undefined
    while (this.marks.length > 0 && this.marks[0].frames <= this.framesAcked) last = this.marks.shift()
    if (last === undefined) return
    this.bytesAcked = last.bytes
    if (last.sentAt === undefined) return
    const over = this.path.delivered(last, now - last.sentAt, this.bytesSent, this.limited, now)
    if (over) this.limited = false
  }

  /** A new transport, whose other end has so many frames. @throws BraidError PROTOCOL when that cannot be. */
  resumed(frames: number): void {
    if (frames < this.framesAcked || frames > this.framesSent) {
      const known = `${this.framesAcked} to ${this.framesSent}`
      throw new BraidError('PROTOCOL', `resumed after frame ${frames}; possible are ${known}`)
    }
    for (const mark of this.marks) mark.sentAt = undefined
    this.acked(frames - this.framesAcked, 0)
    this.path = new Path()
    this.limited = false
  }
}
