// Direct calls and answers: the reply goes to an object instead of a promise. For what is built upon sessions, which has promises
// of its own; applications have `call` and `handleCall`. Knows no call.

import type { Bytes, CallOptions, Opener } from './opener.ts'
import type { CallContext } from './session.ts'

/** Whoever made a call. Exactly one of the two is called, once, and maybe before `callFor` has returned; neither may throw. */
export interface ReplyTaker {
  replied(bytes: Uint8Array): void
  failed(error: unknown): void
}

/** A session, as seen from what is built upon it. */
export interface DirectOpener extends Opener {
  /** The session itself: what only stands in front of one makes calls in its own way. */
  readonly session: unknown
  /** As `call`. An answer that comes as a stream is given to `takeStream` before `replied` is called. */
  callFor(taker: ReplyTaker, method: string, bytes: Bytes, options: CallOptions | undefined): void
}

/** The opener, if calls can be made directly. */
export function direct(opener: Opener): DirectOpener | undefined {
  const { session, callFor } = opener as Partial<DirectOpener>
  return callFor !== undefined && session === opener ? (opener as DirectOpener) : undefined
}

/** What a handler returns that will answer by itself; told from other bytes by identity. */
export const LATER: Uint8Array = new Uint8Array(0)

/** A call of the peer, as seen from what is built upon sessions. A handler that returned `LATER` calls one of the two, once. */
export interface DirectCall extends CallContext {
  replied(bytes: Bytes): void
  failed(error: unknown): void
}

/** The call, if it can be answered directly. */
export function directCall(call: CallContext): DirectCall | undefined {
  return (call as Partial<DirectCall>).replied === undefined ? undefined : (call as DirectCall)
}
