// Bodies: arguments and results of calls that are larger than one frame travel on streams of their own.

import type { BraidError } from '../engine/errors.ts'
import { Assembly } from './assembly.ts'
import type { Ceiling } from './ceiling.ts'
import type { LiveStream } from './live-stream.ts'
import type { Bytes } from './opener.ts'

/** Name of the stream that carries a call whose arguments are too large for a frame; its result comes back on it. */
export const CALL_STREAM = '$call'
/** Name of the stream that carries a result too large for a frame; the REPLY says which. */
export const REPLY_STREAM = '$reply'

/** Who waits for a body. Exactly one of the two is called. */
export interface BodyReader {
  /** All of it, counted as assembled until `body.drop()`. */
  whole(bytes: Uint8Array, body: Assembly): void
  failed(error: BraidError): void
}

/** Collects all that the peer sends on a stream; `size`: as much as it says that this is, if it does. */
export function readBody(stream: LiveStream, ceiling: Ceiling, size: number, reader: BodyReader): void {
  const body = new Assembly(ceiling, size)
  stream.receiveCopying({
    // Throwing, for want of room, resets the stream with EXHAUSTED, and that ends in `failed`.
    data: (bytes) => body.room(bytes.length).set(bytes),
    end: () => reader.whole(body.whole(), body),
    failed: (error) => {
      body.drop()
      reader.failed(error)
    },
  })
}

/** What the metadata of a body's stream says that the body is long, in bytes; 0: nothing that could be. */
export function sizeOf(meta: object): number {
  const { size } = meta as { size?: unknown }
  return typeof size === 'number' && Number.isSafeInteger(size) && size > 0 ? size : 0
}

/** Sends a body and ends the half. The engine takes it over at once: its sender has it in memory anyway. */
export function writeBody(stream: LiveStream, bytes: Bytes): void {
  if (bytes instanceof Uint8Array) stream.write(bytes)
  else for (const piece of bytes) stream.write(piece)
  stream.end()
}
