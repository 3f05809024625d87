// Body: a cursor over one whole frame body. Reads fields and refuses those that leave it; knows no frame.

import type { RawMeta } from './contract.ts'
import { BraidError } from './errors.ts'
import { decodeText, META_BYTES, META_JSON, META_NONE, REASON_BYTES_MAX, readVarint } from './wire.ts'

function pastEnd(): BraidError {
  return new BraidError('FRAME_SIZE', 'a field reaches past the end of its frame')
}

/** One instance serves all frames: `set` points it at the next. Views it hands out are of the received chunk. */
export class Body {
  /** Reasons that were too long or not UTF-8. */
  reasonsDropped = 0
  private bytes: Uint8Array = new Uint8Array(0)
  private at = 0
  private end = 0

  set(bytes: Uint8Array, at: number, end: number): this {
    this.bytes = bytes
    this.at = at
    this.end = end
    return this
  }

  get left(): number {
    return this.end - this.at
  }

  byte(): number {
    if (this.at >= this.end) throw pastEnd()
    return this.bytes[this.at++]
  }

  /** An id, count or total: up to 2^53-1. */
  varint(): number {
    if (this.at >= this.end) throw pastEnd()
    const size = 1 << (this.bytes[this.at] >> 6)
    if (this.at + size > this.end) throw pastEnd()
    const value = readVarint(this.bytes, this.at)
    this.at += size
    return value
  }

  /** A length or credit: the 8-byte form is illegal. */
  varint30(): number {
    if (this.at < this.end && this.bytes[this.at] >> 6 === 3) {
      throw new BraidError('FRAME_SIZE', 'a length or credit in the 8-byte form')
    }
    return this.varint()
  }

  take(length: number): Uint8Array {
    if (length > this.left) throw pastEnd()
    const from = this.at
    this.at += length
    return this.bytes.subarray(from, this.at)
  }

  rest(): Uint8Array {
    return this.take(this.left)
  }

  /** UTF-8 of this many bytes; undefined when invalid. */
  text(length: number): string | undefined {
    return decodeText(this.take(length))
  }

  /** The rest as a reason. */
  reason(): string {
    return this.reasonOf(this.left)
  }

  /** This many bytes as a reason; dropped when too long or not UTF-8 (the code counts all the same). */
  reasonOf(length: number): string {
    const bytes = this.take(length)
    if (length === 0) return ''
    const text = length > REASON_BYTES_MAX ? undefined : decodeText(bytes)
    if (text === undefined) this.reasonsDropped++
    return text ?? ''
  }

  /** Metadata: undefined for kind 0. */
  meta(): RawMeta | undefined {
    const kind = this.byte()
    if (kind === META_NONE) return undefined
    if (kind !== META_JSON && kind !== META_BYTES) throw new BraidError('PROTOCOL', `metadata of kind ${kind}`)
    // Copied: metadata outlives the read buffer it came in and must not pin it.
    return { json: kind === META_JSON, bytes: this.take(this.varint30()).slice() }
  }

  /** @throws BraidError FRAME_SIZE when bytes are left over. */
  done(): void {
    if (this.at !== this.end) throw new BraidError('FRAME_SIZE', 'bytes are left over in a frame')
  }
}
