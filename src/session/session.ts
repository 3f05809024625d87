// Session: what an application holds of one connection. Types only; `live-session.ts` makes them work.

import type { EngineStats } from '../engine/contract.ts'
import type { BraidError } from '../engine/errors.ts'
import type { Bytes, CallOptions, JsonValue, Opener, OpenOptions } from './opener.ts'
import type { Stream } from './stream.ts'
import type { Code } from './words.ts'

/**
 * `connecting`: the peer's HELLO was not read or not authorised yet. `ready`: everything works. `draining`: one side takes no
 * new work. `detached`: the transport is lost and may come back. `closed`: over.
 */
export type State = 'connecting' | 'ready' | 'draining' | 'detached' | 'closed'

/** What the peer says about itself, and where it is. */
export interface Remote {
  /** Address of the other end of the transport, for people and logs. */
  readonly address: string
  /** Bytes it showed for authorisation; empty until its HELLO was read. */
  readonly auth: Uint8Array
  /** Name of the value codec of its calls; empty until its HELLO was read. */
  readonly codec: string
  /** Nobody between the two ends can read or change the bytes: TLS, a Unix socket, loopback, memory. False: perhaps somebody can. */
  readonly confidential: boolean
  /**
   * The certificate it showed, as the platform verified it: in Node an `X509Certificate`. Undefined if it showed none, and until
   * its HELLO was read.
   */
  readonly certificate: unknown
}

/** What `drain` had to cut because it was not over in time. */
export interface DrainReport {
  readonly streams: number
  readonly calls: number
}

/**
 * Counts of a session; sizes in bytes. `memory` is what it counts for in its Budget. `limits` names every limit, those of typed
 * calls and events too once it has such, with its value, its use (0 where it holds for each stream or value by itself) and how often it
 * refused something.
 */
export interface SessionStats extends EngineStats {
  readonly state: State
  /** Streams of the peer that no handler has taken yet. */
  readonly streamsWaiting: number
  /** Streams that are over, but hold bytes nobody has read. Those of the peer keep their place until then. */
  readonly streamsUnread: number
  /** Calls of the peer that no handler has taken yet. */
  readonly callsWaiting: number
}

/** What a handler of calls learns beside the bytes. */
export interface CallContext {
  readonly session: Session
  readonly method: string
  /** Aborts when the caller gives up, its deadline passes or the session ends. Made on first use. */
  readonly signal: AbortSignal
  /** Milliseconds the caller still waits; undefined: no deadline. */
  remaining(): number | undefined
  /** True when the caller does not want the result. */
  readonly oneWay: boolean
  /**
   * Answers by a stream instead of bytes, now: the caller's `takeStream` gets it, with this metadata. What the handler returns
   * does not matter any more. `signal` then follows the stream, and the caller's deadline resets it.
   *
   * @throws BraidError when nobody waits for an answer any more, or there has been one.
   */
  answer(meta: JsonValue): Stream
}

/** Takes a stream the peer opened. It may return a promise; throwing resets the stream. */
export type StreamHandler = (stream: Stream) => unknown

/** Answers a call. The bytes are yours to read until the handler has ended; copy what you keep. */
export type CallHandler = (bytes: Uint8Array, context: CallContext) => Bytes | Promise<Bytes>

/** Takes a one-way message. It may return a promise: the sender's `message` resolves when that has settled. */
export type MessageHandler = (bytes: Uint8Array) => unknown

/**
 * One connection, many streams, calls and messages, from either side.
 *
 * @example
 * import { pair } from 'braidwire/test'
 * const [a, b] = pair()
 * b.handleCall('add', (bytes) => Uint8Array.of(bytes[0] + bytes[1]))
 * console.log(await a.call('add', Uint8Array.of(2, 3))) // Uint8Array(1) [ 5 ]
 * await a.close()
 */
export interface Session extends Opener, AsyncDisposable {
  readonly state: State
  /** What `authorize` returned. */
  readonly principal: unknown
  readonly remote: Remote
  /** Name of the value codec of this side's calls, as its HELLO says; '' without one. */
  readonly codec: string
  /** Whether the other side is told the text of errors that were not meant for it. */
  readonly exposeErrors: boolean
  /** Settles when it is over and the transport is gone: undefined for a clean end, else why. Never rejects. */
  readonly closed: Promise<BraidError | undefined>
  /** The state now, and each one after it, up to `closed`. */
  states(): AsyncIterableIterator<State>

  /**
   * Opens a stream; nothing waits for the peer.
   *
   * @throws BraidError `BRAID_CLOSED` or `BRAID_GOING_AWAY` if no more can be opened, `BRAID_INVALID_INPUT` if the metadata is too
   * large, `BRAID_CANCELLED` if the signal is aborted already.
   */
  open(name: string, options?: OpenOptions): Stream
  /**
   * Takes the peer's streams of this name, or with a pattern like `file-*` of names that begin so; the longest match wins.
   * The peer may open another in its place when both halves are over, what the handler returned has settled and all that
   * arrived was read: `stop` what you do not want. Returns a function that ends it.
   *
   * @throws TypeError if the pattern has a handler already.
   */
  handle(pattern: string, handler: StreamHandler): () => void
  /** The streams of the peer that no handler takes. */
  streams(): AsyncIterableIterator<Stream>
  /** Claims the next stream of this name, before any handler. Rejects with the BraidError if the session ends first. */
  take(name: string): Promise<Stream>

  /**
   * Calls a method of the peer. Rejects with a BraidError whose `executed` says whether it may have run. A small result may be a
   * view of all that was received with it: `slice()` what you keep for long.
   */
  call(method: string, bytes: Bytes, options?: CallOptions): Promise<Uint8Array>
  /**
   * Answers calls of one method, or with a pattern like `files.*` of all whose names begin so and that have no handler of their
   * own; the longest match wins. Returns a function that ends it.
   */
  handleCall(pattern: string, handler: CallHandler): () => void
  /** Sends a one-way message of at most one frame. Resolves when the peer's handler has ended; nobody need await it. */
  message(bytes: Uint8Array): Promise<void>
  /** Takes the peer's messages, in sending order. Returns a function that ends it. */
  handleMessage(handler: MessageHandler): () => void

  /** Round trip to the peer, in ms. */
  ping(): Promise<number>
  /**
   * Takes no new work, waits up to `ms` for what is open and for the other side to know, then closes. Tells what had to be cut.
   * What the other side sends meanwhile fails there with GOING_AWAY, executed `no`; what belongs to calls under way is done.
   */
  drain(ms: number): Promise<DrainReport>
  /** Ends at once: what is open fails with CLOSED. Default code 0, a clean end. Resolves when the transport is gone. */
  close(code?: Code, reason?: string): Promise<void>
  stats(): SessionStats
}
