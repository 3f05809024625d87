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
  /**
   * For layers above that make one piece of work of several streams and calls: this one belongs to work under way, so it is
   * opened and taken also while the session drains, until that work is over. Default false.
   */
  part?: boolean | undefined
}

export interface CallOptions {
  /** Aborting gives the call up: it rejects at once with CANCELLED, and the handler's signal is aborted. */
  signal?: AbortSignal | undefined
  /** Time allowed, in ms; it travels to the other side. Default: none. */
  timeout?: number | undefined
  /**
   * Nobody wants the result: the handler sees that as `oneWay`, and no bytes come back whatever it answers. Arguments too large
   * for a frame are carried like those of any call. Default: false.
   */
  oneWay?: boolean | undefined
  /** It belongs to work under way, see {@link OpenOptions.part}. Default false. */
  part?: boolean | undefined
  /**
   * Takes an answer that comes as a stream (see `CallContext.answer`), as soon as the reply that names it has been read; the promise
   * then resolves to no bytes. `signal` and `timeout` go on to hold for the stream: they reset it. Without this, such an answer is
   * collected as if it were bytes.
   */
  takeStream?: ((stream: Stream) => void) | undefined
}

/** Bytes, or pieces of them that follow each other: what is large need not be copied together. */
export type Bytes = Uint8Array | readonly Uint8Array[]

/** Opens streams and makes calls. */
export interface Opener {
  open(name: string, options?: OpenOptions): Stream | Promise<Stream>
  call(method: string, bytes: Bytes, options?: CallOptions): Promise<Uint8Array>
  /** Settles when it is over: undefined for a clean end, else why. Never rejects. */
  readonly closed: Promise<BraidError | undefined>
}
