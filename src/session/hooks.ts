// SessionHooks: what whoever starts a session hears of it, and brings it. Types only.

import type { BraidError } from '../engine/errors.ts'
import type { Refusals } from './refusals.ts'
import type { Resumption, Returning } from './resumption.ts'
import type { Session } from './session.ts'

/** What whoever starts a session wants to hear, each at most once. */
export interface SessionHooks {
  /** The peer was admitted; nothing of it has been dispatched. May throw: the session then ends with INTERNAL. */
  ready?: ((session: Session) => unknown) | undefined
  /** The session is over; the transport may still be ending. */
  over?: ((error: BraidError | undefined) => void) | undefined
  /** Whoever says HELLO is told this, and nothing else: only a session that there is may come back. */
  refuse?: BraidError | undefined
  /** Brings it another transport when this one is lost. */
  resumption?: Resumption | undefined
  /** Knows the sessions a peer may come back to. */
  returning?: Returning | undefined
  /** Bounds how often a peer is told that it may not come back. */
  refusals?: Refusals | undefined
}
