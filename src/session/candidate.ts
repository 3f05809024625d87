// Candidate: a new transport on which a peer asks for a session it had. Checks the ticket and that it is still the same peer, then
// hands the transport to that session, or refuses. Knows no frame.

import { codes } from '../engine/errors.ts'
import type { ResumeRequest } from '../engine/resume.ts'
import type { Line } from './line.ts'
import { samePrincipal } from './principal.ts'
import type { Resumable, Returning } from './resumption.ts'
import type { Remote } from './session.ts'

const SESSION_LOST = codes.SESSION_LOST.number
const DENIED = codes.DENIED.number
const PROTOCOL = codes.PROTOCOL.number
const UNKNOWN = 'that session is not known here, or not any more'

/** The session that would have been made of the transport. */
export interface CandidateHost {
  /** Bytes that came behind the RESUME: there should be none. */
  readonly heldBytes: number
  readonly remote: Remote
  /** Asks the authorisation hook about whoever is at the other end now; exactly one is called, unless the session ends first. */
  authorise(admit: (principal: unknown) => void, deny: (cause: unknown) => void): void
  /** Answers no, and ends. */
  refuse(code: number, reason: string, cause?: unknown): void
  /** Gives the transport away, and ends without a word. */
  surrender(): Line | undefined
}

export function candidate(host: CandidateHost, request: ResumeRequest, returning: Returning | undefined): void {
  const session = returning?.find(request)
  if (session === undefined) return host.refuse(SESSION_LOST, UNKNOWN)
  host.authorise(
    (principal) => handOver(host, request, session, returning, principal),
    (cause) => host.refuse(DENIED, 'not authorised', cause),
  )
}

function handOver(
  host: CandidateHost,
  request: ResumeRequest,
  session: Resumable,
  returning: Returning | undefined,
  principal: unknown,
): void {
  if (!samePrincipal(session.principal, principal)) return host.refuse(DENIED, 'the session is that of somebody else')
  if (host.heldBytes > 0) return host.refuse(PROTOCOL, 'frames behind a RESUME that was not answered')
  // Much may have happened while the hook was asked.
  const next = returning?.accept(request)
  if (next === undefined) return host.refuse(SESSION_LOST, UNKNOWN)
  const { remote } = host
  const line = host.surrender()
  if (line !== undefined) session.adopt(line, remote, request.received, next)
}
