// Peer: what an application holds of a remote that stays reachable over lost sessions, and how to get one. Names no platform:
// how a session is dialled is handed in.

import type { BraidError } from '../engine/errors.ts'
import type { Bytes, CallOptions, Opener, OpenOptions } from '../session/opener.ts'
import type { DrainReport, Session } from '../session/session.ts'
import type { Stream } from '../session/stream.ts'
import type { DialSession } from './dialling.ts'
import { LivePeer } from './live-peer.ts'
import { type PeerOptions, parsePeerOptions } from './options.ts'

/**
 * How a peer stands, as data to show.
 *
 * `connecting`: it dials, for the `attempt`-th time since all was well. `ready`: work goes over `session`. `detached`: the session
 * has lost its transport and looks for another; new work waits for it. `waiting`: there is no session, because of `error`, and the
 * `attempt`-th dial comes at `retryAt` (by the peer's clock; unless another was given, that of `performance.now()`). `draining`: it
 * takes no new work. `closed`: over; `error` says why, if not by `close`, `drain` or the signal.
 */
export type PeerState =
  | { readonly type: 'connecting'; readonly attempt: number }
  | { readonly type: 'ready'; readonly session: Session }
  | { readonly type: 'detached'; readonly session: Session }
  | { readonly type: 'waiting'; readonly attempt: number; readonly retryAt: number; readonly error: BraidError }
  | { readonly type: 'draining' }
  | { readonly type: 'closed'; readonly error: BraidError | undefined }

/**
 * One remote, kept reachable over lost sessions. It dials at once, and again whenever its session is lost or drains, after a random
 * wait below a bound that doubles from 100 ms to 30 s; when a session has lived for 10 s the bounds begin anew. A session that
 * drains finishes its work beside the fresh one. One that is only detached is the peer's session still.
 *
 * What certainly was not executed because its session drained or was lost is called once more over the next session. All else
 * that was under way fails with its session: a call whose error has `executed: 'maybe'` is never repeated by itself.
 *
 * An end with DENIED, INVALID_INPUT, VERSION, BAD_LIMITS or TLS (a wrong certificate), of a dial, of the session in use or of
 * `onSession`, ends the peer with that error: dialling again would not mend it. All else is tried for ever, also an address nobody listens at.
 */
export interface Peer extends Opener, AsyncDisposable {
  readonly state: PeerState
  /** The state now, and each one after it, up to `closed`. A loop that is behind by more than 100 misses the oldest. */
  states(): AsyncIterableIterator<PeerState>
  /**
   * Opens a stream over the session there is, or waits for one (see {@link PeerOptions.waitMs}). Rejects as `Session.open` throws;
   * with UNREACHABLE, EXHAUSTED or CANCELLED when it waited in vain, with CLOSED or GOING_AWAY when the peer takes no more work. A
   * stream that is open is never moved to another session.
   */
  open(name: string, options?: OpenOptions): Promise<Stream>
  /** Calls a method, as `Session.call` does, over the session there is or the next. Rejects as `open`, or with DEADLINE. */
  call(method: string, bytes: Bytes, options?: CallOptions): Promise<Uint8Array>
  /** Settles when it is over and its transports are gone: undefined after `close`, `drain` or the signal, else why. Never rejects. */
  readonly closed: Promise<BraidError | undefined>
  /**
   * Takes no new work, lets what waits have its session and what is under way end for up to `ms`, then closes. Tells what had to
   * be cut.
   *
   * @throws RangeError for a time that is none.
   */
  drain(ms: number): Promise<DrainReport>
  /** Ends at once: what is under way or waits fails with CLOSED. Resolves when the transports are gone. */
  close(): Promise<void>
}

/**
 * Keeps a remote reachable. `dial` gets a session; it must give up when its signal aborts. Anything that takes an opener takes a
 * peer: `wrap(peer)`, `receiveFile(peer, ...)`.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` for an option out of its bounds, `BRAID_CANCELLED` if the signal is aborted already.
 *
 * @example
 * import { connect, startSession } from 'braidwire'
 * import { peer } from 'braidwire/peer'
 * import { memory } from 'braidwire/transport/memory'
 *
 * let served = 0
 * const remote = peer(() => {
 *   const [near, far] = memory()
 *   startSession(far, {}, 'listener', (session) => {
 *     const name = `session ${++served}`
 *     session.handleCall('name', () => new TextEncoder().encode(name))
 *     session.handleCall('leave', () => session.close())
 *   })
 *   return connect(near)
 * })
 * const name = async () => new TextDecoder().decode(await remote.call('name', new Uint8Array(0)))
 * console.log(await name()) // 'session 1'
 * await remote.call('leave', new Uint8Array(0)).catch((error) => console.log(error.code, error.executed)) // BRAID_CLOSED maybe
 * console.log(await name()) // 'session 2'
 * await remote.close()
 */
export function peer(dial: DialSession, options: PeerOptions = {}): Peer {
  if (typeof dial !== 'function')
    throw new TypeError('a peer takes a function that dials; addresses it takes only in Node')
  return new LivePeer(dial, parsePeerOptions(options))
}
