// Replay: the bytes of sequenced frames that the peer has not acknowledged, for a transport that follows a lost one.
// Keeps what was flushed, by reference; of frames it knows only how long they are. docs/PROTOCOL.md, section 13.

import { Queue } from './calls.ts'
import { readVarint } from './wire.ts'

/** So much is kept at first; a path that needs more in flight gets more. */
export const REPLAY_BYTES_MIN = 1_048_576
/** What still goes when the limit is reached: replies and control, which let the peer go on. */
const RESERVE_BYTES = 65_536
/** What keeping one flush takes beside its bytes (measured: about 330): a peer that acknowledges nothing must not get it for nothing. */
export const FLUSH_COST = 320
/** The peer is asked how far it is whenever this part of the limit has been sent. */
const ASKS_PER_LIMIT = 8

interface Flush {
  chunks: Uint8Array[]
  bytes: number
  /** Numbers of its first and last sequenced frame; the session's first is 1. */
  first: number
  readonly last: number
}

export class Replay {
  /** Bytes kept, and what it takes to keep them. */
  bytes = 0
  limit: number = REPLAY_BYTES_MIN
  private on: boolean
  readonly limitMax: number
  /** How often streams and calls had to wait for it. */
  waits = 0
  private readonly flushes: Queue<Flush> = new Queue()
  /** Bytes sent since the peer was last asked to acknowledge. */
  private unasked = 0
  /** The last frame flushed. */
  private last = 0
  /** Flushes to send again, before anything new. */
  private readonly again: Queue<Flush> = new Queue()

  constructor(on: boolean, limitMax: number) {
    this.on = on
    this.limitMax = limitMax
  }

  /** Whether anything is kept: false once it is known that this session cannot be resumed. */
  get isOn(): boolean {
    return this.on
  }

  /** Nothing new may be sent: streams and calls wait. */
  get full(): boolean {
    return this.on && this.bytes >= this.limit
  }

  /** Not even replies and control may. */
  get blocked(): boolean {
    return this.on && this.bytes >= this.limit + RESERVE_BYTES
  }

  /** Some of it must go out again. */
  get pending(): boolean {
    return this.again.size > 0
  }

  /** Something was sent that the peer was not asked to acknowledge. */
  get unasking(): boolean {
    return this.unasked > 0
  }

  turnOff(): void {
    this.on = false
    this.flushes.drain()
    this.again.drain()
    this.bytes = 0
    this.unasked = 0
  }

  /** Keeps twice what a round trip takes: less would be one more window that is too small for the path. */
  scale(inFlightMax: number): void {
    this.limit = Math.min(Math.max(2 * inFlightMax, REPLAY_BYTES_MIN), this.limitMax)
  }

  /** Whether a flush with so many bytes should ask for an acknowledgement; a full buffer asks by itself, for nothing else will. */
  wantsAck(bytes: number): boolean {
    if (bytes === 0 && !(this.full && this.unasking)) return false
    return this.on && (this.unasked + bytes) * ASKS_PER_LIMIT >= this.limit
  }

  /** The peer was asked about everything kept, but for the last so many bytes. */
  asked(behind = 0): void {
    this.unasked = behind
  }

  /** Keeps the bytes `from` to `to` of a flush: its sequenced frames, of which `last` is the number of the last one. */
  keep(out: readonly Uint8Array[], from: number, to: number, last: number): void {
    const bytes = to - from
    this.flushes.push({ chunks: part(out, from, to), bytes, first: this.last + 1, last })
    this.last = last
    this.bytes += FLUSH_COST + bytes
    this.unasked += FLUSH_COST + bytes
  }

  /** The peer has this frame and all before it. */
  release(frame: number): void {
    for (let first = this.flushes.peek(); first !== undefined && first.last <= frame; first = this.flushes.peek()) {
      this.flushes.shift()
      this.bytes -= FLUSH_COST + first.bytes
    }
  }

  /** A new transport, whose other end has this frame and all before it: everything behind it goes out again. */
  restart(frame: number): void {
    this.release(frame)
    const first = this.flushes.peek()
    if (first !== undefined && first.first <= frame) {
      const gone = sizeOf(first.chunks, frame + 1 - first.first)
      first.chunks = part(first.chunks, gone, first.bytes)
      first.bytes -= gone
      first.first = frame + 1
      this.bytes -= gone
    }
    this.again.drain()
    for (const flush of this.flushes) this.again.push(flush)
    this.unasked = this.bytes
  }

  /** Appends what goes out again, whole flushes of about `budget` bytes at most, and returns how many bytes that is. */
  repeat(out: Uint8Array[], budget: number): number {
    let bytes = 0
    for (let flush = this.again.peek(); flush !== undefined && bytes < budget; flush = this.again.peek()) {
      this.again.shift()
      out.push(...flush.chunks)
      bytes += flush.bytes
    }
    return bytes
  }
}

/** The bytes `from` to `to` of a list of chunks. */
function part(chunks: readonly Uint8Array[], from: number, to: number): Uint8Array[] {
  const result: Uint8Array[] = []
  let at = 0
  for (const chunk of chunks) {
    const [start, end] = [Math.max(from - at, 0), Math.min(to - at, chunk.length)]
    if (start < end) result.push(end - start === chunk.length ? chunk : chunk.subarray(start, end))
    at += chunk.length
  }
  return result
}

/** How many bytes the first `frames` frames take. Headers are never cut by the end of a chunk; bodies may be. */
function sizeOf(chunks: readonly Uint8Array[], frames: number): number {
  let size = 0
  /** Where the next frame begins in the present chunk; beyond its end: in a later one. */
  let at = 0
  for (const chunk of chunks) {
    while (at < chunk.length && frames > 0) {
      const header = 1 + (1 << (chunk[at + 1] >> 6))
      const length = header + readVarint(chunk, at + 1)
      size += length
      at += length
      frames--
    }
    at -= chunk.length
  }
  return size
}
