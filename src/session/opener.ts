// Opener: what a session, and later a peer and a pool of peers, have in common. RPC and files ask for no more.

import type { BraidError } from '../engine/errors.ts'
import type { Stream } from './stream.ts'

/** Anything JSON can say. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue | undefined }

/** Metadata of a stream: a JSON value, or bytes. At most the peer's `maxMeta` bytes (8 KiB by default). */
export type Meta = JsonValue | Uint8Array

export interface OpenOptions {
  /** Travels with the OPEN; the other side reads it as `stream.meta`. */
  meta?: Meta | undefined
  /** Whose bytes go first: 0 (first) to 7 (last). Default 3. */
  urgency?: number | undefined
  /** Ask the other side to answer as soon as a handler takes the stream; then `stream.accepted` settles. Default false. */
  confirm?: boolean | undefined
  /** Aborting resets the stream with CANCELLED. */
  signal?: AbortSignal | undefined
}

export interface CallOptions {
  /** Aborting gives the call up: it rejects at once with CANCELLED, and the handler's signal is aborted. */
  signal?: AbortSignal | undefined
  /** Time allowed, in ms; it travels to the other side. Default: none. */
  timeoutMs?: number | undefined
}

/** Opens streams and makes calls. */
export interface Opener {
  open(name: string, options?: OpenOptions): Stream | Promise<Stream>
  call(method: string, bytes: Uint8Array, options?: CallOptions): Promise<Uint8Array>
  /** Settles when it is over: undefined for a clean end, else why. Never rejects. */
  readonly closed: Promise<BraidError | undefined>
}
