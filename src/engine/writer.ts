// FrameWriter: the frames that are varints, a reason, metadata or opaque bytes, written into the batch and counted.
// Knows the layout of frames; who writes which, and when, is outbound.ts and its parts.

import { Batch } from './batch.ts'
import type { RawMeta } from './contract.ts'
import type { Pace } from './pace.ts'
import * as wire from './wire.ts'

export class FrameWriter extends Batch {
  framesSent = 0
  /** Where in this flush the last frame ends that asks for an acknowledgement; 0: none does. */
  markEnd = 0
  private readonly pace: Pace

  constructor(pace: Pace) {
    super()
    this.pace = pace
  }

  override begin(out: Uint8Array[]): void {
    this.markEnd = 0
    super.begin(out)
  }

  /** As in the batch; every frame passes here, so sequenced ones are counted here. */
  override head(type: number, flags: number, length: number, fields: number): void {
    this.framesSent++
    if (wire.isSequenced(type)) this.pace.framesSent++
    super.head(type, flags, length, fields)
    if (type === wire.DATA && (flags & wire.MARK) !== 0) this.markEnd = this.size + length
  }

  /** A frame of varints only. */
  plain(type: number, flags: number, ...values: number[]): void {
    let length = 0
    for (const value of values) length += wire.varintSize(value)
    this.head(type, flags, length, length)
    for (const value of values) this.varint(value)
  }

  /** Varints and a reason. */
  reasoned(type: number, flags: number, values: number[], reason: string): void {
    const text = wire.encodeReason(reason)
    let length = text.length
    for (const value of values) length += wire.varintSize(value)
    this.head(type, flags, length, length)
    for (const value of values) this.varint(value)
    this.field(text)
  }

  /** A frame whose body is these bytes. */
  opaque(type: number, bytes: Uint8Array): void {
    this.head(type, 0, bytes.length, bytes.length)
    this.field(bytes)
  }

  meta(id: number, flags: number, meta: RawMeta | undefined): void {
    const bytes = meta === undefined ? 0 : wire.varintSize(meta.bytes.length) + meta.bytes.length
    const length = wire.varintSize(id) + 1 + bytes
    this.head(wire.META, flags, length, length)
    this.varint(id)
    this.metaFields(meta)
  }

  metaFields(meta: RawMeta | undefined): void {
    if (meta === undefined) return this.byte(wire.META_NONE)
    this.byte(meta.json ? wire.META_JSON : wire.META_BYTES)
    this.varint(meta.bytes.length)
    this.field(meta.bytes)
  }
}
