// Attachment: which transport a session has. It may lose one, get another, or give the one it began with to the session whose
// peer is at the other end. Knows no frame, and nothing of streams and calls.

import type { Engine, EngineEvent, ResumeRequest, Ticket } from '../engine/contract.ts'
import { type BraidError, codes } from '../engine/errors.ts'
import { addressOf } from './arrivals.ts'
import type { Clock } from './clock.ts'
import type { SessionHooks } from './hooks.ts'
import type { Line } from './line.ts'
import { samePrincipal } from './principal.ts'
import type { Pump } from './pump.ts'
import type { Refusals } from './refusals.ts'
import type { Resumable, Resumption, Returning } from './resumption.ts'
import { hidden } from './secret.ts'
import type { Remote, State } from './session.ts'
import type { Share } from './share.ts'
import { localError } from './words.ts'

const SESSION_LOST = codes.SESSION_LOST.number
const DENIED = codes.DENIED.number
const PROTOCOL = codes.PROTOCOL.number
const UNKNOWN = 'the listener has no such session, or not any more (it may have been started anew): connect again'

/** What the attachment needs of its session. */
export interface AttachmentHost {
  readonly engine: Engine
  readonly clock: Clock
  readonly principal: unknown
  readonly closedTo: BraidError | undefined
  readonly isOver: boolean
  readonly share: Share
  remote: Remote
  /** Takes a place among the sessions without a transport; false: there is none. */
  keep(): boolean
  turn(state: State): void
  wake(): void
  /** Asks whether whoever is at the other end may come in; exactly one is called, unless the session ends first. */
  ask(admit: (principal: unknown) => void, deny: (cause: unknown) => void): void
  /** The session never began: it ends with this error, or without one. */
  abandon(error: BraidError | undefined): void
}

export class Attachment implements Resumable {
  private readonly host: AttachmentHost
  private readonly pump: Pump
  private readonly resumption: Resumption | undefined
  private readonly returning: Returning | undefined
  private readonly refusals: Refusals | undefined

  constructor(host: AttachmentHost, pump: Pump, { resumption, returning, refusals }: SessionHooks) {
    this.host = host
    this.pump = pump
    this.resumption = resumption
    this.returning = returning
    this.refusals = refusals
  }

  get clock(): Clock {
    return this.host.clock
  }

  get principal(): unknown {
    return this.host.principal
  }

  /** The transport is dead. */
  lost(error: BraidError): void {
    const { host, resumption } = this
    if (resumption === undefined || host.isOver || !host.engine.detach()) return host.engine.lost(error)
    host.turn('detached')
    resumption.detached(this, error)
  }

  /** The peer was admitted, and both sides can resume. */
  admitted(): void {
    this.resumption?.admitted(this)
  }

  ticket({ keepMs, resumed }: EngineEvent & { type: 'ticket' }): void {
    this.resumption?.ticket(keepMs)
    if (resumed) this.goesOn()
  }

  over(): void {
    this.resumption?.over()
  }

  // -- Resumable

  redialled(line: Line, attempt: number): void {
    this.host.engine.redial(attempt)
    this.pump.attach(line)
    try {
      line.start()
    } catch (thrown) {
      line.closed(thrown instanceof Error ? thrown : new Error(String(thrown)))
    }
  }

  keep(): boolean {
    return this.host.keep()
  }

  issue(ticket: Ticket): void {
    this.host.engine.issue(ticket)
    this.host.wake()
  }

  adopt(line: Line, remote: Remote, received: number, next: Ticket): void {
    const { host } = this
    // An older transport may still look alive: the newest wins.
    this.pump.leave()
    host.engine.detach()
    // A spread forgets what is hidden.
    host.remote = hidden({ ...remote, auth: remote.auth, codec: host.remote.codec }, 'auth')
    host.engine.adopt(received, next, host.clock.now())
    this.pump.attach(line)
    this.goesOn()
  }

  giveUp(error: BraidError): void {
    this.host.engine.lost(error)
    this.host.wake()
  }

  private goesOn(): void {
    this.host.share.attach()
    this.resumption?.resumed()
    this.host.turn(this.host.closedTo === undefined ? 'ready' : 'draining')
  }

  // -- a peer that comes back

  /** Instead of a HELLO the peer asks for a session it had: this transport belongs to that one, or to nobody. */
  returns(request: ResumeRequest): void {
    const { host, returning } = this
    const session = returning?.find(request)
    if (session === undefined) return this.refuse(SESSION_LOST, UNKNOWN, undefined, returning?.knows(request) === true)
    host.remote = hidden({ ...host.remote, auth: request.auth, certificate: this.pump.certificate }, 'auth')
    host.ask(
      (principal) => this.handOver(request, session, principal),
      (cause) => this.refuse(DENIED, 'not authorised', cause),
    )
  }

  private handOver(request: ResumeRequest, session: Resumable, principal: unknown): void {
    if (!samePrincipal(session.principal, principal)) return this.refuse(SESSION_LOST, UNKNOWN)
    if (this.host.engine.heldBytes > 0) return this.refuse(PROTOCOL, 'frames behind a RESUME that was not answered')
    // Much may have happened while the hook was asked.
    const next = this.returning?.accept(request)
    if (next === undefined) return this.refuse(SESSION_LOST, UNKNOWN)
    const line = this.pump.giveAway()
    this.host.abandon(undefined)
    if (line !== undefined) session.adopt(line, this.host.remote, request.received, next)
  }

  /** `guessed`: that session is there, but the secret is wrong, or used up. */
  private refuse(code: number, reason: string, cause?: unknown, guessed = true): void {
    const { host } = this
    const error = localError(code, reason, { cause })
    if (guessed && this.refusals?.mayTell(addressOf(host.remote.address), host.clock.now()) === false)
      return this.pump.cut(error)
    host.engine.refuseResume(code, reason)
    host.abandon(error)
  }
}
