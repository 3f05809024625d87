// Who may come back to which session, and until when.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ResumeRequest, Ticket } from '../engine/contract.ts'
import { BraidError } from '../engine/errors.ts'
import { ManualClock } from '../testing/pair.ts'
import type { Resumable, Resumption } from './resumption.ts'
import { Tickets } from './tickets.ts'

const KEEP_MS = 1_000
const LOST = new BraidError('TRANSPORT_LOST', 'the cable broke')
const none = new Uint8Array(0)

/** A session that is told what becomes of it. */
class Kept implements Resumable {
  readonly principal = undefined
  readonly issued: Ticket[] = []
  readonly resumption: Resumption
  readonly clock: ManualClock
  end: BraidError | undefined
  /** There is a place for it without a transport. */
  place = true

  constructor(tickets: Tickets, clock = new ManualClock()) {
    this.clock = clock
    this.resumption = tickets.resumption()
    this.resumption.admitted(this)
  }

  keep(): boolean {
    return this.place
  }

  get ticket(): Ticket {
    return this.issued[0]!
  }

  issue(ticket: Ticket): void {
    this.issued.push(ticket)
  }

  giveUp(error: BraidError): void {
    this.end = error
    this.resumption.over()
  }

  redialled(): void {
    assert.fail('only a dialer redials')
  }

  adopt(): void {
    assert.fail('nobody handed it a line')
  }
}

function showing({ id, secret }: Ticket, attempt: number): ResumeRequest {
  return { id, secret, attempt, received: 0, auth: none }
}

/** Comes back with a ticket, and is given the next one. */
function back(tickets: Tickets, ticket: Ticket, attempt: number): Ticket {
  const request = showing(ticket, attempt)
  assert.notEqual(tickets.find(request), undefined, `attempt ${attempt}`)
  return tickets.accept(request)!
}

function refused(tickets: Tickets, ticket: Ticket, attempt: number): void {
  const request = showing(ticket, attempt)
  assert.deepEqual([tickets.find(request), tickets.accept(request)], [undefined, undefined], `attempt ${attempt}`)
}

test('tickets lead to the session they were issued for, and nobody can guess them', () => {
  const tickets = new Tickets(KEEP_MS)
  const [one, two] = [new Kept(tickets), new Kept(tickets)]
  assert.deepEqual([one.ticket.id.length, one.ticket.secret.length, one.ticket.keepMs], [16, 32, KEEP_MS])
  assert.notDeepEqual(one.ticket.id, two.ticket.id)
  assert.notDeepEqual(one.ticket.secret, two.ticket.secret)
  assert.equal(tickets.find(showing(one.ticket, 1)), one)
  assert.equal(tickets.find(showing(two.ticket, 1)), two)
})

test('tickets that are unknown, of a wrong secret or of another session lead nowhere', () => {
  const tickets = new Tickets(KEEP_MS)
  const [one, two] = [new Kept(tickets).ticket, new Kept(tickets).ticket]
  const { id, secret } = one
  refused(tickets, { ...one, id: new Uint8Array(16) }, 1)
  refused(tickets, { ...one, secret: new Uint8Array(32) }, 1)
  refused(tickets, { ...one, secret: two.secret }, 1)
  const almost = secret.slice()
  almost[31] ^= 1
  refused(tickets, { ...one, secret: almost }, 1)
  refused(tickets, { ...one, secret: secret.subarray(0, 31) }, 1)
  refused(tickets, { ...one, id: id.subarray(0, 15) }, 1)
  refused(tickets, { ...one, secret: none }, 1)
  // None of this has used anything up.
  back(tickets, one, 1)
})

test('tickets are used up by use, and the one before is good until the new one is used', () => {
  const tickets = new Tickets(KEEP_MS)
  const first = new Kept(tickets).ticket
  const second = back(tickets, first, 1)
  assert.deepEqual(second.id, first.id)
  assert.notDeepEqual(second.secret, first.secret)
  // The second was lost on its way.
  const third = back(tickets, first, 2)
  assert.notDeepEqual(third.secret, second.secret)
  refused(tickets, second, 3)
  const fourth = back(tickets, third, 3)
  refused(tickets, first, 4)
  back(tickets, fourth, 4)
})

test('tickets of an older attempt, or of the same one again, are refused', () => {
  const tickets = new Tickets(KEEP_MS)
  const first = new Kept(tickets).ticket
  refused(tickets, first, 0)
  const second = back(tickets, first, 5)
  for (const attempt of [1, 4, 5]) {
    refused(tickets, first, attempt)
    refused(tickets, second, attempt)
  }
  back(tickets, second, 6)
})

test('tickets: a session that nobody comes back to ends when its time is over', () => {
  const tickets = new Tickets(KEEP_MS)
  const session = new Kept(tickets)
  session.resumption.detached(session, LOST)
  session.clock.advance(KEEP_MS - 1)
  assert.equal(tickets.find(showing(session.ticket, 1)), session)
  session.clock.advance(1)
  assert.equal(session.end?.code, 'BRAID_SESSION_LOST')
  assert.equal(session.end?.cause, LOST)
  assert.match(session.end!.message, /the cable broke, .* within 1000 ms/)
  refused(tickets, session.ticket, 1)
  assert.equal(session.clock.pending, 0)
})

test('tickets: the time begins anew with each loss, and stands still while there is a transport', () => {
  const tickets = new Tickets(KEEP_MS)
  const session = new Kept(tickets)
  for (let i = 0; i < 3; i++) {
    session.resumption.detached(session, LOST)
    session.clock.advance(KEEP_MS - 1)
    session.resumption.resumed()
    assert.equal(session.clock.pending, 0)
    session.clock.advance(10 * KEEP_MS)
  }
  assert.equal(session.end, undefined)
})

test('tickets of a session that is over lead nowhere, and no timer is left', () => {
  const tickets = new Tickets(KEEP_MS)
  const [over, other] = [new Kept(tickets), new Kept(tickets)]
  over.resumption.detached(over, LOST)
  over.resumption.over()
  refused(tickets, over.ticket, 1)
  assert.equal(over.clock.pending, 0)
  assert.equal(tickets.find(showing(other.ticket, 1)), other)
})

test('tickets: a session that was never admitted has none', () => {
  const tickets = new Tickets(KEEP_MS)
  tickets.resumption().over()
  assert.equal(tickets.find({ id: none, secret: none, attempt: 1, received: 0, auth: none }), undefined)
})

test('a session that finds no place without a transport ends at once, and its ticket with it', () => {
  const kept = new Kept(new Tickets(KEEP_MS))
  kept.place = false
  kept.resumption.detached(kept, LOST)
  assert.equal(kept.end?.code, 'BRAID_SESSION_LOST')
  assert.match(String(kept.end?.message), /^the cable broke, and the Budget has no place/)
})

test('tickets are kept for a time within bounds', () => {
  assert.equal(new Tickets().keepMs, 60_000)
  for (const wrong of [0, -1, Number.NaN, 3_600_001])
    assert.throws(() => new Tickets(wrong), /option keepMs takes a number/)
})
