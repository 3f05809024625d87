// Stream: what an application holds of one ordered two-way flow. Types only; `live-stream.ts` makes them work.
// Whoever imports it gets what `await using` is made of, whatever else their compiler is told to know.
/// <reference lib="esnext.disposable" preserve="true" />

import type { BraidError } from '../engine/errors.ts'
import type { Meta } from './opener.ts'
import type { Session } from './session.ts'
import type { Code } from './words.ts'

/** The callback surface of a stream: no promise for a chunk. */
export interface Receiver {
  /**
   * Bytes, delivered as they arrive; credit returns when this returns. They are yours, but a view of all that was received with
   * them: do not transfer their buffer, and copy what you keep for long.
   */
  data(bytes: Uint8Array): void
  /** The peer ended its half cleanly. Exactly one of `end` and `failed` is called, once. */
  end(trailer: Meta | undefined): void
  /** The readable half ended early, by the peer, by this side or with the session. */
  failed(error: BraidError): void
}

/** What passed through a stream, in bytes. */
export interface StreamStats {
  /** Bytes received. */
  readonly bytesIn: number
  /** Bytes given to `write` and `send`. */
  readonly bytesOut: number
  /** Bytes received and not read. */
  readonly unread: number
  /** Bytes written that wait for credit or for the transport. */
  readonly queued: number
}

/**
 * One ordered two-way flow of a session. Each half ends alone: `end` finishes the writing half, `stop` asks the peer to
 * finish the other, `reset` ends both.
 *
 * Read it in ONE of four ways: `read`/`readable`, `for await`, `messages()`, or callbacks by `receive`.
 *
 * @example
 * import { pair } from 'braidwire/test'
 * const [a, b] = pair()
 * b.handle('echo', async (stream) => {
 *   for await (const chunk of stream) if (!stream.write(chunk)) await stream.ready
 *   stream.end()
 * })
 * const stream = a.open('echo')
 * stream.write(new TextEncoder().encode('hello'))
 * stream.end()
 * for await (const chunk of stream) console.log(new TextDecoder().decode(chunk)) // 'hello'
 * await a.close()
 */
export interface Stream extends AsyncIterable<Uint8Array>, AsyncDisposable {
  /** Number on the wire, unique in the session; -1 while the OPEN is not yet sent. */
  readonly id: number
  readonly name: string
  /** The session it belongs to. */
  readonly session: Session
  /** What its opener sent along. */
  readonly meta: Meta | undefined
  /** Whose bytes go first: 0 (first) to 7 (last). */
  readonly urgency: number
  /** Aborts when the stream failed or is over. Made on first use. */
  readonly signal: AbortSignal
  /** Settles when both halves are over and what arrived was read: undefined for clean ends, else the first error. Never rejects. */
  readonly closed: Promise<BraidError | undefined>
  /** What the peer's `end(trailer)` carried; undefined before its half has ended. */
  readonly trailer: Meta | undefined

  /**
   * Answers the opener. With `confirm` an empty answer goes out by itself unless the handler called this before it returned.
   *
   * @throws TypeError on a stream this side opened, on a second answer, or after `end`.
   */
  accept(answer?: Meta): void
  /** The peer's answer; undefined if it ends its half without one. Rejects with the BraidError if the stream fails first. */
  readonly accepted: Promise<Meta | undefined>

  /**
   * Hands a chunk over: do not change it afterwards. False: wait for `ready`, or, when the peer wants no more, give up.
   *
   * @throws TypeError after `end`, or if the chunk is no Uint8Array.
   */
  write(chunk: Uint8Array): boolean
  /** Resolves when there is room to write; after `end`, when all that was written has gone to the transport. Rejects with the BraidError when the writing half is over. */
  readonly ready: Promise<void>
  /** Finishes the writing half, after what was written. */
  end(trailer?: Meta): void

  /** The next chunk, or null if there is none now. It is yours, but do not transfer its buffer. */
  read(): Uint8Array | null
  /** True when `read` has something, false at the clean end. Rejects with the BraidError if the reading half failed. */
  readable(): Promise<boolean>
  /** All chunks. Leaving the loop early is `stop('CANCELLED')`; the writing half goes on. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined>
  /** All chunks, as many at a time as have arrived: one promise for a batch. */
  batches(): AsyncIterableIterator<Uint8Array[]>

  /**
   * Writes a message: its boundary is kept. False as of `write`.
   *
   * @throws RangeError above `maxMessage`, TypeError after `end`.
   */
  send(message: Uint8Array): boolean
  /** The messages, each at most `maxMessage`. Leaving the loop early is `stop('CANCELLED')`. */
  messages(): AsyncIterableIterator<Uint8Array>

  /** Switches to callbacks. What has arrived already is delivered before this returns. */
  receive(receiver: Receiver): void
  /** No `data` until `resume`; credit for the chunk being delivered and all after it is kept back. */
  pause(): void
  resume(): void

  /** Ends both halves at once; what was not sent is dropped. */
  reset(code: Code, reason?: string): void
  /** Tells the peer to send no more; what arrived and was not read is dropped. The writing half goes on. */
  stop(code: Code, reason?: string): void
  stats(): StreamStats
}
