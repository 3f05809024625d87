// One flush of output: headers and small payloads are copied into a slab, large payloads are referenced.
// A slab is written once and never reused, so its bytes can be kept for a later transport. Knows no frame.

import { writeVarint } from './wire.ts'

/** Payloads up to this size are cheaper to copy than to hand over as a chunk of their own (measured: about 4 KiB). */
export const COPY_BYTES_MAX = 4096
const SLAB_BYTES_MIN = 1024
const SLAB_BYTES_MAX = 65_536

export class Batch {
  /** Bytes of this flush so far. */
  bytes = 0
  private slab: Uint8Array = new Uint8Array(0)
  private from = 0
  private at = 0
  private out: Uint8Array[] = []

  begin(out: Uint8Array[]): void {
    this.out = out
    this.bytes = 0
  }

  /** Type, flags and length of a frame; makes room for `fields` bytes more, which must be at least what is then written. */
  head(type: number, flags: number, length: number, fields: number): void {
    this.room(5 + fields)
    this.slab[this.at++] = (type << 3) | flags
    this.at = writeVarint(this.slab, this.at, length)
  }

  byte(value: number): void {
    this.slab[this.at++] = value
  }

  varint(value: number): void {
    this.at = writeVarint(this.slab, this.at, value)
  }

  /** Copies into the slab; for bytes counted in `fields`. */
  field(bytes: Uint8Array): void {
    this.slab.set(bytes, this.at)
    this.at += bytes.length
  }

  /** A part of a chunk, copied or referenced by size. */
  payload(chunk: Uint8Array, from: number, to: number): void {
    const size = to - from
    if (size <= COPY_BYTES_MAX) {
      this.room(size)
      if (size === chunk.length) this.slab.set(chunk, this.at)
      else this.slab.set(chunk.subarray(from, to), this.at)
      this.at += size
      return
    }
    this.cut()
    this.bytes += size
    this.out.push(size === chunk.length ? chunk : chunk.subarray(from, to))
  }

  /** Ends the flush: what the slab holds becomes its last chunk. */
  finish(): number {
    this.cut()
    return this.bytes
  }

  /** Bytes written so far, with those still in the open piece of the slab. */
  get size(): number {
    return this.bytes + this.at - this.from
  }

  private cut(): void {
    if (this.at === this.from) return
    this.bytes += this.at - this.from
    this.out.push(this.slab.subarray(this.from, this.at))
    this.from = this.at
  }

  private room(size: number): void {
    if (this.at + size <= this.slab.length) return
    this.cut()
    // Doubling keeps a session that says little small: most send a few hundred bytes in their life.
    const next = Math.min(Math.max(2 * this.slab.length, SLAB_BYTES_MIN), SLAB_BYTES_MAX)
    this.slab = new Uint8Array(Math.max(next, size))
    this.from = 0
    this.at = 0
  }
}
