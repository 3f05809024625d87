// Tickets: the acceptor's side of resumption. Which session a ticket belongs to, and how long one waits for its peer to come
// back. Knows no frame; the sessions are handed in.

import type { ResumeRequest, Ticket } from '../engine/contract.ts'
import { BraidError } from '../engine/errors.ts'
import { TICKET_ID_BYTES, TICKET_SECRET_BYTES } from '../engine/options.ts'
import type { Resumable, Resumption, Returning } from './resumption.ts'
import { sameSecret, secretBytes } from './secret.ts'

/** How a listener keeps sessions whose transport was lost. */
export interface ResumeOptions {
  /** How long one is kept for its peer to come back, in ms, from 1 to 3,600,000. Default 60,000. */
  keepMs?: number | undefined
  /**
   * Also over transports that others can read: whoever reads the ticket there can take the session over. Default false: only over
   * TLS, Unix sockets, loopback, and within a process.
   */
  plain?: boolean | undefined
}

const KEEP_MS = 60_000
const KEEP_MS_MAX = 3_600_000

/** All sessions of one listener that can be resumed. */
export class Tickets implements Returning {
  readonly keepMs: number
  readonly #entries = new Map<string, Entry>()

  /** @throws BraidError INVALID_INPUT for a time out of its bounds. */
  constructor(keepMs: number = KEEP_MS) {
    if (!(keepMs >= 1 && keepMs <= KEEP_MS_MAX)) {
      throw new BraidError('INVALID_INPUT', `option keepMs takes a number from 1 to ${KEEP_MS_MAX}, not ${keepMs}`)
    }
    this.keepMs = Math.round(keepMs)
  }

  /** For one new session. */
  resumption(): Resumption {
    return new Entry(this, this.#entries)
  }

  find(request: ResumeRequest): Resumable | undefined {
    return this.#entry(request)?.session
  }

  knows(request: ResumeRequest): boolean {
    return this.#entries.has(nameOf(request.id))
  }

  accept(request: ResumeRequest): Ticket | undefined {
    return this.#entry(request)?.accept(request)
  }

  #entry(request: ResumeRequest): Entry | undefined {
    const entry = this.#entries.get(nameOf(request.id))
    return entry?.allows(request) === true ? entry : undefined
  }
}

class Entry implements Resumption {
  session: Resumable | undefined
  readonly #tickets: Tickets
  readonly #entries: Map<string, Entry>
  #current: Ticket | undefined
  /** The one before: its holder may not have heard of the current one. */
  #previous: Ticket | undefined
  #attempt = 0
  #expiry: unknown

  constructor(tickets: Tickets, entries: Map<string, Entry>) {
    this.#tickets = tickets
    this.#entries = entries
  }

  admitted(session: Resumable): void {
    const ticket = this.#next(secretBytes(TICKET_ID_BYTES))
    this.session = session
    this.#entries.set(nameOf(ticket.id), this)
    session.issue(ticket)
  }

  ticket(): void {}

  detached(session: Resumable, error: BraidError): void {
    const { keepMs } = this.#tickets
    const text = `${error.message}, and the other side did not come back within ${keepMs} ms`
    const lost = new BraidError('SESSION_LOST', text, { cause: error })
    if (session.keep()) this.#expiry = session.clock.set(() => session.giveUp(lost), keepMs)
    else session.giveUp(full(error))
  }

  resumed(): void {
    if (this.#expiry !== undefined) this.session?.clock.clear(this.#expiry)
    this.#expiry = undefined
  }

  over(): void {
    this.resumed()
    if (this.#current !== undefined) this.#entries.delete(nameOf(this.#current.id))
  }

  /** Whether this is our peer, and not an older attempt of his. Both secrets are compared, whatever the first says. */
  allows({ secret, attempt }: ResumeRequest): boolean {
    const [current, previous] = [this.#current, this.#previous]
    const known = current !== undefined && sameSecret(secret, current.secret)
    const knownBefore = previous !== undefined && sameSecret(secret, previous.secret)
    return (known || knownBefore) && attempt > this.#attempt
  }

  accept({ secret, attempt }: ResumeRequest): Ticket {
    const current = this.#current as Ticket
    this.#attempt = attempt
    // Used: the one before it will not come any more.
    if (sameSecret(secret, current.secret)) this.#previous = current
    return this.#next(current.id)
  }

  #next(id: Uint8Array): Ticket {
    this.#current = { id, secret: secretBytes(TICKET_SECRET_BYTES), keepMs: this.#tickets.keepMs }
    return this.#current
  }
}

function full(error: BraidError): BraidError {
  const text = `${error.message}, and the Budget has no place for one more session without a transport (detached, detachedBytes)`
  return new BraidError('SESSION_LOST', text, { cause: error })
}

function nameOf(id: Uint8Array): string {
  return String.fromCharCode(...id)
}
