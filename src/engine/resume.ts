// Resumption: how a session goes on over another transport. RESUME, TICKET and RESUME_NO, written and read, and what the state
// of the core becomes when a transport is lost and another takes its place. docs/PROTOCOL.md, section 13. What was sent and
// may have to go out again is replay.ts; who holds tickets, and for how long, is the session's business.

import type { Body } from './body.ts'
import type { ResumeRequest, Ticket } from './contract.ts'
import type { Core } from './core.ts'
import { BraidError, codes, errorFromWire } from './errors.ts'
import { AUTH_BYTES_MAX, TICKET_ID_BYTES, TICKET_SECRET_BYTES } from './options.ts'
import * as wire from './wire.ts'
import type { FrameWriter } from './writer.ts'

/** The transport is lost: what is bound to it is forgotten. */
export function detach(core: Core): void {
  core.attached = false
  core.expects = undefined
  core.pongDue = undefined
  core.owesAck = false
  core.ticketDue = undefined
  // Whoever waits for a pong gets one from the next transport.
  if (core.pingSentAt !== undefined) core.pingDue = true
  core.pingSentAt = undefined
}

/** The dialer has a new transport. Nothing but RESUME goes out until it is answered. */
export function redial(core: Core, attempt: number): void {
  core.attached = true
  core.prefaceRead = false
  core.expects = 'answer'
  core.attempt = attempt
}

/** The acceptor's other engine has read preface and RESUME from a new transport, and it was found right. */
export function adopt(core: Core, received: number, ticket: Ticket): void {
  core.attached = true
  core.adopted = true
  core.ticket = ticket
  core.ticketDue = ticket
  goOn(core, received)
}

/** @throws BraidError PROTOCOL when the other side cannot have received so many. */
function goOn(core: Core, received: number): void {
  core.pace.resumed(received)
  core.replay.restart(received)
}

/** The answer to a RESUME is no; this engine never had a session. */
export function refuse(core: Core, code: number, reason: string): void {
  core.attached = true
  core.resumeRefusal = { code, reason }
}

// -- frames out

export function writeResume(writer: FrameWriter, core: Core): void {
  const { id, secret } = core.ticket as Ticket
  const { auth } = core.settings
  const numbers = wire.varintSize(core.attempt) + wire.varintSize(core.framesReceived)
  const size = id.length + secret.length + numbers + auth.length
  writer.head(wire.RESUME, 0, size, size)
  writer.field(id)
  writer.field(secret)
  writer.varint(core.attempt)
  writer.varint(core.framesReceived)
  writer.field(auth)
  core.framesReported = core.framesReceived
}

export function writeTicket(writer: FrameWriter, core: Core, ticket: Ticket): void {
  const { id, secret, keepMs } = ticket
  const size = id.length + secret.length + wire.varintSize(keepMs) + wire.varintSize(core.framesReceived)
  writer.head(wire.TICKET, 0, size, size)
  writer.field(id)
  writer.field(secret)
  writer.varint(keepMs)
  writer.varint(core.framesReceived)
  core.framesReported = core.framesReceived
}

// -- frames in

/** The first frame of a dialer that had a session. */
export function resume(core: Core, body: Body): void {
  const id = body.take(TICKET_ID_BYTES).slice()
  const secret = body.take(TICKET_SECRET_BYTES).slice()
  const attempt = body.varint()
  const received = body.varint()
  const auth = body.rest().slice()
  if (auth.length > AUTH_BYTES_MAX) throw new BraidError('BAD_LIMITS', `auth in RESUME is over ${AUTH_BYTES_MAX} bytes`)
  core.expects = undefined
  // Nothing goes out before it is decided whose this transport is.
  core.attached = false
  const request: ResumeRequest = { id, secret, attempt, received, auth }
  core.events.push({ type: 'resume', request })
}

/** A ticket for later, or the answer to our RESUME. */
export function ticket(core: Core, body: Body): void {
  if (!core.mayResume || !core.dialer) throw new BraidError('PROTOCOL', 'a TICKET that nobody asked for')
  const id = body.take(TICKET_ID_BYTES).slice()
  const secret = body.take(TICKET_SECRET_BYTES).slice()
  const keepMs = body.varint()
  const received = body.varint()
  body.done()
  const resumed = core.expects === 'answer'
  if (core.ticket !== undefined && !resumed) core.glitches.spend('a TICKET beside the one there is')
  core.ticket = { id, secret, keepMs }
  core.expects = undefined
  if (resumed) goOn(core, received)
  else core.acked(received - core.pace.framesAcked)
  core.events.push({ type: 'ticket', keepMs, resumed })
}

export function resumeNo(core: Core, body: Body): void {
  const code = body.varint()
  const reason = body.reason()
  core.phase = 'closed'
  const number = code === 0 ? codes.SESSION_LOST.number : code
  core.events.push({ type: 'closed', error: errorFromWire(number, reason, { scope: 'session' }) })
}
