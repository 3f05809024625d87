// Link: one session of a peer, whether it takes work, and what failed with it. Knows nothing of dialling and of other sessions.

import { BraidError } from '../engine/errors.ts'
import type { Session } from '../session/session.ts'
import type { Stream } from '../session/stream.ts'

/** What a peer lost with one session: only work begun through the peer counts. */
export interface Lost {
  /** Why the session ended. */
  readonly error: BraidError
  /** Streams that failed with it: their own `closed` says the same. */
  readonly streams: number
  /** Calls that failed with it, by whether they may have been executed: those under `no` certainly were not. */
  readonly calls: { readonly no: number; readonly maybe: number }
}

export class Link {
  readonly session: Session
  /** It is set up: work may go over it. */
  isOpen = false
  /** It takes no new work any more, whatever its state says. */
  isRetired = false
  /** Since when it is open. */
  openedAt = 0
  private streams = 0
  private readonly calls = { no: 0, maybe: 0 }

  constructor(session: Session) {
    this.session = session
  }

  /** Takes work, now or when it has a transport again. */
  get isMeant(): boolean {
    const { state } = this.session
    return this.isOpen && !this.isRetired && state !== 'draining' && state !== 'closed'
  }

  /** Takes work now. */
  get isUsable(): boolean {
    return this.isMeant && !this.isDetached
  }

  get isDetached(): boolean {
    return this.session.state === 'detached'
  }

  /** A call over it failed. */
  callFailed(error: unknown): void {
    if (isOfSession(error)) this.calls[error.executed]++
  }

  /** Counts the stream if it fails with the session. */
  follow(stream: Stream): void {
    void stream.closed.then((error) => {
      if (isOfSession(error)) this.streams++
    })
  }

  /** The session is over, and everything over it has settled. Undefined: nothing failed with it. */
  lost(error: BraidError): Lost | undefined {
    const { streams, calls } = this
    return streams + calls.no + calls.maybe === 0 ? undefined : { error, streams, calls: { ...calls } }
  }
}

/** Whether work failed because of its session, and not for a reason of its own. */
export function isOfSession(error: unknown): error is BraidError {
  if (!(error instanceof BraidError)) return false
  return error.scope === 'session' || error.scope === 'transport' || error.code === 'BRAID_GOING_AWAY'
}
