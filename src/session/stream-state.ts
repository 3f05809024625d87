// The state of a stream: bits for what is true of it, and an object for what few streams need at a time.
// Says what each means; what changes them is in stream-core.ts.

import type { Engine } from '../engine/contract.ts'
import type { BraidError } from '../engine/errors.ts'
import type { Ceiling } from './ceiling.ts'
import type { Deferred } from './deferred.ts'
import type { Meta } from './opener.ts'
import type { Session } from './session.ts'
import type { StreamCore } from './stream-core.ts'

/** What a stream needs of its session; one object for all streams of a session. */
export interface StreamHost {
  readonly engine: Engine
  readonly session: Session
  /** Largest metadata the peer takes. */
  readonly metaMax: number
  /** Largest message, and how often one was larger. */
  readonly messageMax: Ceiling
  readonly assembled: Ceiling
  readonly exposeErrors: boolean
  /** Streams over on the wire whose reader is not done and whose promises somebody holds: the end of the session settles them. */
  readonly lingering: Set<StreamCore>
  /** How many streams are over on the wire, and not read to their end. */
  unread: number
  /** The session is over. */
  readonly isOver: boolean
  /** Something is to be sent. */
  wake(): void
  /** So many bytes were handed to the engine. */
  wrote(bytes: number): void
  /** A stream is over on the wire, its handler has ended and what arrived was taken. */
  released(): void
}

export interface StreamInit {
  readonly name: string
  readonly meta: Meta | undefined
  readonly confirm: boolean
}

// What is true of a stream, as bits: a hundred thousand idle streams should cost little more than their names.
export const MINE = 1
/** The opener waits for an answer. */
export const CONFIRM = 2
/** `write` answered false. */
export const FULL = 4
/** Own `end`. */
export const WRITE_ENDED = 8
export const WRITE_DEAD = 16
/** The peer's end arrived. */
export const READ_ENDED = 32
/** And all before it was read. */
export const READ_DONE = 64
export const READ_DEAD = 128
export const ANSWERED = 256
export const PAUSED = 512
/** Over on the wire. */
export const FINISHED = 1024
/** The handler of a stream of the peer has ended; SETTLED: and what arrived was taken, so that its place is free again. */
export const HANDLED = 2048
export const SETTLED = 65536
/** The signal was aborted. */
export const ABORTED = 4096
/** Over on the wire, not read to its end. */
export const UNREAD = 8192
/** The inbox is being handed to the callbacks. */
export const FLUSHING = 16384
/** The callbacks keep nothing of what they are given: they copy it. */
export const COPIES = 32768

/** What few streams need at a time. */
export class Rare {
  closed: Deferred<BraidError | undefined> | undefined
  ready: Deferred<void> | undefined
  accepted: Deferred<Meta | undefined> | undefined
  readable: Deferred<boolean> | undefined
  /** Bytes that will come, as the sender of a body says; 0: it does not. */
  declared = 0
  controller: AbortController | undefined
  answer: Meta | undefined
  trailer: Meta | undefined
  /** First error of each half, and of the stream. */
  readError: BraidError | undefined
  writeError: BraidError | undefined
  error: BraidError | undefined
  /** Bytes and message ends delivered while paused, whose credit is kept back. */
  owedBytes = 0
  owedMessages = 0
  /** The opener's own signal. */
  followed: AbortSignal | undefined
  onAbort: (() => void) | undefined
}
