// What any multiplexing protocol offers a session: commands in, events out, bytes both ways.
// Types only. Knows no frame; names no clock, transport or platform.

import type { BraidError } from './errors.ts'

/** Opaque bytes beside a stream: of its OPEN, its answer or its trailer. `json` says how the application reads them. */
export interface RawMeta {
  readonly json: boolean
  readonly bytes: Uint8Array
}

/** One stream as the engine sees it. The session keeps its own object in `owner` and reads nothing else that is not here. */
export interface EngineStream {
  /** Number of the stream among those its opener opened, from 0; -1 while its OPEN is not yet on the wire. */
  readonly number: number
  /** True when this side opened it. */
  readonly mine: boolean
  /** 0 (first) to 7 (last). */
  readonly urgency: number
  /** Bytes handed to `write` and not yet handed to the transport. */
  readonly queued: number
  /** Whatever the session wants to find again in events about this stream. */
  owner: unknown
}

/** One outgoing call. `owner` is the session's. */
export interface EngineCall {
  /** True once the CALL has been handed to the transport: before that it certainly was not executed. */
  readonly sent: boolean
  owner: unknown
}

export interface OpenRequest {
  readonly name: string
  readonly meta?: RawMeta | undefined
  /** 0 (first) to 7 (last); 3 is the ordinary one. */
  readonly urgency: number
  /** Ask the peer to answer as soon as a handler takes the stream. */
  readonly confirm: boolean
  /** It belongs to work under way: who takes no new work takes it all the same. Default false. */
  readonly part?: boolean | undefined
}

/** What the peer said about itself. */
export interface RemoteHello {
  readonly version: number
  readonly auth: Uint8Array
  readonly codec: string
  readonly maxFrame: number
  readonly maxCalls: number
  readonly maxStreams: number
  readonly maxMeta: number
}

/** What a dialer shows to get its session back. */
export interface Ticket {
  /** Names the session; 16 bytes. */
  readonly id: Uint8Array
  /** Proves whose it is; 32 bytes that nobody can guess. */
  readonly secret: Uint8Array
  /** How long the acceptor keeps a session that lost its transport, in ms. */
  readonly keepMs: number
}

/** What a RESUME says. */
export interface ResumeRequest {
  readonly id: Uint8Array
  readonly secret: Uint8Array
  /** Rises with each attempt of the same session. */
  readonly attempt: number
  /** Sequenced frames the dialer has received. */
  readonly received: number
  /** For the authorisation hook; at most 4 KiB. */
  readonly auth: Uint8Array
}

export type EngineEvent =
  /** The peer's HELLO was read and agrees with ours. What follows it waits for `admit`. */
  | { readonly type: 'hello'; readonly remote: RemoteHello; readonly mayResume: boolean }
  /** Instead of a HELLO: a dialer wants to go on with a session it had. What follows is held back. */
  | { readonly type: 'resume'; readonly request: ResumeRequest }
  /** The peer keeps the session for so long if its transport is lost. `resumed`: this transport took a lost one's place. */
  | { readonly type: 'ticket'; readonly keepMs: number; readonly resumed: boolean }
  /** The peer opened a stream. `settle` must be called once, when its handler has ended. */
  | {
      readonly type: 'open'
      readonly stream: EngineStream
      readonly name: string
      readonly meta: RawMeta | undefined
      readonly urgency: number
      readonly confirm: boolean
    }
  /** The peer accepted a stream of ours, with or without an answer. */
  | { readonly type: 'answer'; readonly stream: EngineStream; readonly meta: RawMeta | undefined }
  /** Bytes of a stream, a view of what was received. `eom`: a message ends with them (they may be none). */
  | { readonly type: 'data'; readonly stream: EngineStream; readonly bytes: Uint8Array; readonly eom: boolean }
  /** The peer finished its half; everything it sent has been delivered. */
  | { readonly type: 'end'; readonly stream: EngineStream; readonly trailer: RawMeta | undefined }
  /**
   * A half, or both, ended early. `read`: nothing more will arrive. `write`: nothing more may be sent.
   * `initiator` is the peer except for opens refused by a GOAWAY that had come before they were sent.
   */
  | {
      readonly type: 'reset'
      readonly stream: EngineStream
      readonly read: boolean
      readonly write: boolean
      readonly error: BraidError
    }
  /** `write` answered false before, and the stream now takes more; after `end`: all that was queued has been written. */
  | { readonly type: 'writable'; readonly stream: EngineStream }
  /** Both halves are final on the wire: the engine has forgotten the stream. Nothing more will come about it. */
  | { readonly type: 'finished'; readonly stream: EngineStream }
  /** The peer calls. Exactly one of `reply`, `replyVia`, `replyError` must follow for this slot. */
  | {
      readonly type: 'call'
      readonly slot: number
      readonly method: string
      readonly args: Uint8Array
      /** Time left in ms when the call arrived; undefined: no deadline. */
      readonly deadlineMs: number | undefined
      readonly oneWay: boolean
    }
  /** The peer gave up the call in this slot. A reply is owed all the same. */
  | { readonly type: 'cancel'; readonly slot: number; readonly code: number }
  /** A call of ours was answered; `via`: the result is the bytes of that stream. */
  | {
      readonly type: 'reply'
      readonly call: EngineCall
      readonly result: Uint8Array
      readonly via: EngineStream | undefined
    }
  | { readonly type: 'replyError'; readonly call: EngineCall; readonly error: BraidError }
  /** A ping came back. */
  | { readonly type: 'pong'; readonly rttMs: number }
  /** The peer takes no new work. Open streams and calls go on, and what belongs to them. */
  | { readonly type: 'goAway'; readonly error: BraidError }
  /** The peer has said nothing for too long: the transport is to be cut, which then comes back as `lost`. */
  | { readonly type: 'silent'; readonly error: BraidError }
  /** The session is over; the last event. `undefined`: closed cleanly by either side. */
  | { readonly type: 'closed'; readonly error: BraidError | undefined }

/** Counts the engine keeps anyway; sizes in bytes. */
export interface EngineStats {
  readonly bytesIn: number
  readonly bytesOut: number
  readonly framesIn: number
  readonly framesOut: number
  readonly streamsOpened: number
  readonly streamsAccepted: number
  readonly streamsOpen: number
  readonly callsSent: number
  readonly callsReceived: number
  readonly callsOpen: number
  /** Smallest of the last round trips, in ms; undefined before the first. */
  readonly rttMs: number | undefined
  /** Bytes held for it: received and not taken by the application, and queued unsent. */
  readonly memory: number
  /** DATA bytes handed over and not yet acknowledged. */
  readonly inFlight: number
  /** How many of those the sender allows itself. */
  readonly inFlightMax: number
  /** Each limit: what it is set to, how much of it is in use, how often something was refused because of it. */
  readonly limits: Readonly<Record<string, { readonly max: number; readonly used: number; readonly refused: number }>>
}

/**
 * A multiplexing protocol as a pure state machine. It has no clock: `now` (ms, monotonic) is handed in.
 *
 * Four kinds of methods. *Commands* change state and queue output. *Input*: `receive`, `tick`, `moved`, `lost`.
 * *Output*: after any command or input call `event` until it returns undefined, then `transmit`, then `event` again, and so
 * on until `transmit` returns 0 or the transport is full: a stream told that it is `writable` should have written before
 * the next `transmit`, or less urgent ones go first. `deadline` says when `tick` is next due. *Getters* are free.
 * Commands on a stream or call that is already over do nothing. Events queued before a command still come; bytes in them are
 * to be consumed all the same. No method throws for what a peer did.
 */
export interface Engine {
  // -- commands
  open(request: OpenRequest): EngineStream
  /** Answers a stream the peer opened; at most once, before `end`. */
  accept(stream: EngineStream, answer: RawMeta | undefined): void
  /** Takes the bytes over. False: wait for `writable`. `eom`: a message ends here. */
  write(stream: EngineStream, bytes: Uint8Array, eom?: boolean): boolean
  end(stream: EngineStream, trailer?: RawMeta): void
  /** Ends whatever is not final yet of both halves; unsent bytes are dropped. */
  reset(stream: EngineStream, code: number, reason: string): void
  /** Tells the peer to send no more on this stream. */
  stop(stream: EngineStream, code: number, reason: string): void
  /**
   * The reader took `bytes` bytes and `messages` message ends: credit may return. Exactly once for everything that came
   * in `data` events, also for what the session drops unread; what the engine discards by itself it returns by itself.
   */
  consume(stream: EngineStream, bytes: number, messages: number): void
  /** The handler of a stream the peer opened has ended; with both halves final its open credit returns. */
  settle(stream: EngineStream): void
  /**
   * `args` at most the peer's `maxFrame`. `deadlineAt`: on the clock of `now`; what is left of it travels. `part`: it belongs to
   * work under way, as in `OpenRequest`.
   */
  call(
    method: string,
    args: Uint8Array,
    deadlineAt: number | undefined,
    oneWay: boolean,
    owner: unknown,
    part?: boolean,
  ): EngineCall
  /** Unsent: forgotten. Sent: the peer is told, the reply is ignored. No event follows either way. */
  cancel(call: EngineCall, code: number): void
  reply(slot: number, result: Uint8Array): void
  replyVia(slot: number, stream: EngineStream): void
  replyError(slot: number, code: number, reason: string, details?: Uint8Array): void
  ping(): void
  /** Takes no new work from the peer; what is open goes on, and what belongs to it. */
  goAway(code: number, reason: string): void
  /** Ends the session: one CLOSE frame, then nothing. */
  close(code: number, reason: string): void
  /** The session was authorised: what came after the HELLO may be processed. */
  admit(now: number): void
  /** The transport died under it: everything fails with this error. */
  lost(error: BraidError): void
  // -- commands of resumption
  /** The transport died, and another will follow. False: then this session cannot be resumed, and nothing has changed. */
  detach(): boolean
  /** The dialer has another transport: RESUME goes out on it. Attempts are numbered upwards from 1. */
  redial(attempt: number): void
  /** The acceptor has another transport, on which another engine read a RESUME that said `received`; the ticket is the next one. */
  adopt(received: number, ticket: Ticket, now: number): void
  /** The peer may come back with this ticket. */
  issue(ticket: Ticket): void
  /** Answers a `resume` event: no. The session of this engine, which never began, ends with it. */
  refuseResume(code: number, reason: string): void
  /** On: no window grows any more, because memory is short. What was granted stays granted. Off at first. */
  limitGrowth(on: boolean): void
  // -- input
  receive(chunk: Uint8Array, now: number): void
  tick(now: number): void
  /** The transport was full and took bytes again: the way to the peer moves, which is a sign of life like a byte from it. */
  moved(now: number): void
  // -- output
  event(): EngineEvent | undefined
  /** Appends chunks to send, about `budget` bytes at most, and returns how many bytes they hold. */
  transmit(out: Uint8Array[], budget: number, now: number): number
  deadline(): number | undefined
  // -- getters
  /** How many of our frames the peer has acknowledged. */
  readonly acknowledged: number
  /** True from `close` or a fatal error on: when `transmit` returns 0, the transport can be closed. */
  readonly closing: boolean
  /** Bytes received and not yet looked at, because the session is not admitted. */
  readonly heldBytes: number
  /**
   * Bytes of memory held for the session: received and not taken by the application, or not yet looked at; queued and not yet
   * handed to the transport. Costs a few additions.
   */
  readonly memory: number
  /** Everything still open, for the session to fail when it ends. */
  liveStreams(): Iterable<EngineStream>
  liveCalls(): Iterable<EngineCall>
  stats(): EngineStats
}
