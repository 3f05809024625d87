// Bytes in any split → frames. DATA passes through in pieces, never joined; every other body is handed over whole,
// in a buffer that grows with what arrives, never with what was declared. Knows the layout, not the meaning.

import { Body } from './body.ts'
import { BraidError } from './errors.ts'
import { DATA, EXTENSION_MIN, HEADER_BYTES_MAX, readVarint } from './wire.ts'

/** Who reacts to frames. Each method may throw a BraidError to end the session. */
export interface FrameSink {
  /** A header is complete. May be called twice for one DATA frame: must only check. */
  header(type: number, flags: number, length: number): void
  frame(type: number, flags: number, body: Body): void
  /** A frame of an extension type has been skipped. */
  skipped(): void
  /** DATA begins; its payload follows in pieces. */
  data(id: number, flags: number, length: number): void
  payload(bytes: Uint8Array, from: number, to: number, last: boolean): void
}

const none = new Uint8Array(0)

export class Decoder {
  /** Set by the sink to stop behind the present frame; `push` then returns early. */
  halted = false
  /** Frames completed so far. */
  frames = 0
  /** Bytes so far of the header or body that is not yet complete. */
  pending = 0
  private readonly sink: FrameSink
  readonly body: Body = new Body()
  private readonly header = new Uint8Array(HEADER_BYTES_MAX)
  private type = 0
  private flags = 0
  private length = 0
  private id = 0
  /** Bytes left of a DATA payload or of a frame being skipped. */
  private passing = 0
  private skipping = false
  /** The body being assembled, and its declared length; -1: none. */
  private assembled: Uint8Array = none
  private wanted = -1

  constructor(sink: FrameSink) {
    this.sink = sink
  }

  /** Reads from `at` on and returns where it stopped: the end, unless halted. */
  push(chunk: Uint8Array, at: number): number {
    const end = chunk.length
    while (at < end && !this.halted) {
      if (this.passing > 0) at = this.pass(chunk, at)
      else if (this.wanted >= 0) at = this.assemble(chunk, at)
      else if (this.pending > 0) at = this.carryOn(chunk, at)
      else at = this.begin(chunk, at)
    }
    return at
  }

  /** Bytes of a DATA payload that are still to come; 0: none is under way. */
  get payloadLeft(): number {
    return this.skipping ? 0 : this.passing
  }

  /** What comes next is the beginning of a new transport: a frame that was under way is forgotten. */
  restart(): void {
    this.halted = false
    this.pending = 0
    this.passing = 0
    this.skipping = false
    this.assembled = none
    this.wanted = -1
  }

  /** A header or an assembled body has begun and is not complete; DATA payloads may take their time. */
  get incomplete(): boolean {
    return this.pending > 0 || this.wanted >= 0
  }

  private begin(chunk: Uint8Array, at: number): number {
    const next = this.readHeader(chunk, at, chunk.length)
    if (next >= 0) return this.enter(chunk, next)
    for (let i = at; i < chunk.length; i++) this.header[this.pending++] = chunk[i]
    return chunk.length
  }

  /** A header split over chunks: one byte at a time until it is whole, then it ends exactly there. */
  private carryOn(chunk: Uint8Array, at: number): number {
    while (at < chunk.length) {
      this.header[this.pending++] = chunk[at++]
      if (this.readHeader(this.header, 0, this.pending) >= 0) {
        this.pending = 0
        return this.enter(chunk, at)
      }
    }
    return at
  }

  /** Reads type, flags, length, and the id of DATA. Returns where the body goes on, or -1 when not all is there yet. */
  private readHeader(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < 2) return -1
    const first = bytes[at]
    this.type = first >> 3
    this.flags = first & 7
    const form = bytes[at + 1] >> 6
    if (form === 3) throw new BraidError('FRAME_SIZE', 'a frame length in the 8-byte form')
    const body = at + 1 + (1 << form)
    if (body > end) return -1
    this.length = readVarint(bytes, at + 1)
    this.sink.header(this.type, this.flags, this.length)
    if (this.type !== DATA) return body
    if (this.length === 0) throw new BraidError('FRAME_SIZE', 'DATA without an id')
    if (body >= end) return -1
    const idSize = 1 << (bytes[body] >> 6)
    if (idSize > this.length) throw new BraidError('FRAME_SIZE', 'an id reaches past the end of its frame')
    if (body + idSize > end) return -1
    this.id = readVarint(bytes, body)
    this.length -= idSize
    return body + idSize
  }

  /** The header is whole and `at` is where the body goes on. */
  private enter(chunk: Uint8Array, at: number): number {
    if (this.type === DATA) {
      this.sink.data(this.id, this.flags, this.length)
      if (this.length === 0) this.finishData(chunk, at, at)
      else this.passing = this.length
      return at
    }
    if (this.type >= EXTENSION_MIN) {
      this.skipping = true
      this.passing = this.length
      if (this.length === 0) this.finishSkip()
      return at
    }
    if (at + this.length <= chunk.length) {
      const next = at + this.length
      this.frames++
      this.sink.frame(this.type, this.flags, this.body.set(chunk, at, next))
      return next
    }
    this.wanted = this.length
    return at
  }

  private pass(chunk: Uint8Array, at: number): number {
    const next = Math.min(at + this.passing, chunk.length)
    this.passing -= next - at
    if (this.skipping) {
      if (this.passing === 0) this.finishSkip()
    } else if (this.passing === 0) this.finishData(chunk, at, next)
    else this.sink.payload(chunk, at, next, false)
    return next
  }

  private finishData(chunk: Uint8Array, from: number, to: number): void {
    this.frames++
    this.sink.payload(chunk, from, to, true)
  }

  private finishSkip(): void {
    this.skipping = false
    this.frames++
    this.sink.skipped()
  }

  private assemble(chunk: Uint8Array, at: number): number {
    const next = Math.min(at + this.wanted - this.pending, chunk.length)
    const needed = this.pending + next - at
    if (needed > this.assembled.length) {
      const grown = new Uint8Array(Math.min(this.wanted, Math.max(needed, 2 * this.assembled.length)))
      grown.set(this.assembled.subarray(0, this.pending))
      this.assembled = grown
    }
    this.assembled.set(chunk.subarray(at, next), this.pending)
    this.pending = needed
    if (needed === this.wanted) {
      const whole = this.assembled
      this.assembled = none
      this.pending = 0
      this.wanted = -1
      this.frames++
      this.sink.frame(this.type, this.flags, this.body.set(whole, 0, needed))
    }
    return next
  }
}
