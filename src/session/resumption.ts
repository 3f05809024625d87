// Resumption: what a session asks of whoever brings it its next transport. Types only. The dialer's is redial.ts, the acceptor's
// tickets.ts; frames and replay are the engine's.

import type { ResumeRequest, Ticket } from '../engine/contract.ts'
import type { BraidError } from '../engine/errors.ts'
import type { Clock } from './clock.ts'
import type { Line } from './line.ts'
import type { Remote } from './session.ts'

/** How a session gets another transport. One for each session. */
export interface Resumption {
  /** Both sides can resume, and the peer was admitted. */
  admitted(session: Resumable): void
  /** The peer keeps the session for so long. */
  ticket(keepMs: number): void
  /** The transport is lost, with this error, and the session waits for another. */
  detached(session: Resumable, error: BraidError): void
  /** It goes on. */
  resumed(): void
  /** The session is over. */
  over(): void
}

/** A session that may go on over another transport. */
export interface Resumable {
  readonly clock: Clock
  readonly principal: unknown
  /** The dialer's: shows the ticket on this line, which has not started. */
  redialled(line: Line, attempt: number): void
  /** The acceptor's: takes a place among the sessions without a transport. False: there is none. */
  keep(): boolean
  /** The acceptor's: the peer may come back with this ticket. */
  issue(ticket: Ticket): void
  /** The acceptor's: goes on over this line, on which the peer said what it has received. */
  adopt(line: Line, remote: Remote, received: number, next: Ticket): void
  /** No transport will come: everything fails with this error. */
  giveUp(error: BraidError): void
}

/** The door through which a peer comes back: whose session a ticket is. */
export interface Returning {
  /** The session of a RESUME that is in order; undefined: there is none, or none of the peer's. */
  find(request: ResumeRequest): Resumable | undefined
  /** Whether a RESUME names a session that is there, whatever secret it shows. */
  knows(request: ResumeRequest): boolean
  /** The same once more, when the peer was authorised: hands out the next ticket. */
  accept(request: ResumeRequest): Ticket | undefined
}
