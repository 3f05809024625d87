// The per-stream record, and the table of live streams by id. A hundred thousand idle streams should cost little: what is
// true of one is bits, and what few need at a time is made when it is needed. Knows no frame layout: inbound-streams.ts and
// outbound-streams.ts decide what happens to a record, this file keeps it.

import type { EngineStream, RawMeta } from './contract.ts'
import { Outgoing } from './outgoing.ts'
import { PagedMap } from './paged-map.ts'
import type { Flow } from './scheduler.ts'
import { type Half, isFinal } from './state.ts'
import { ReceiveWindow } from './window.ts'

/** Control frames a record owes, as bits; they are written before its data, each at most once. */
export const OWES_ANSWER = 1
export const OWES_CREDIT = 2
export const OWES_ASK = 4
export const OWES_FIN = 8
export const OWES_RESET_SEND = 16
export const OWES_RESET_RECV = 32

// What is true of a record, as bits.
/** This side opened it. */
export const MINE = 1
/** Nothing more is taken to be sent: the half was reset, or `end` was called and it ends when all that is queued was written. */
export const ENDING = 2
/** We told the peer to send no more: what still comes is discarded. */
export const STOPPED = 4
/** The peer told us so: saying it again moves nothing. */
export const STOP_HEARD = 8
/** An answer was given (by us, to a stream of theirs) or read (by us, to ours). */
export const ANSWERED = 16
/** The session has said that the handler ended; streams of ours have none. */
export const SETTLED = 32
/** Refused before the session heard of it: nothing about it is told. */
export const REFUSED = 64
/** `write` answered false; a `writable` event is due. */
export const WANTS_WRITABLE = 128
/** It did so since the queue was last empty: whoever had to wait writes on at once, so `outgoing` is kept for that. */
export const REFILLS = 256

/** An OPEN of ours that waits to be written. */
export interface Opening {
  readonly record: StreamRecord
  readonly name: Uint8Array
  readonly meta: RawMeta | undefined
  readonly confirm: boolean
  /** It belongs to work under way. */
  readonly part: boolean
}

/** What few streams need at a time. */
export class Rare {
  answer: RawMeta | undefined = undefined
  trailer: RawMeta | undefined = undefined
  /** Why our half was reset. */
  resetCode = 0
  resetReason = ''
  /** Why the peer is to stop; it may differ from why our own half was reset. */
  stopCode = 0
  stopReason = ''
  /** Window last asked for with ASK. */
  asked = 0
}

export class StreamRecord implements EngineStream, Flow {
  number = -1
  readonly urgency: number
  owner: unknown = undefined
  /** The half this side sends on, and the one it receives on. */
  sending: Half = 'open'
  receiving: Half = 'open'
  bits: number
  owes = 0
  /** Credit granted by the peer and not yet used. */
  credit: number
  /** Undefined: nothing came and nothing was asked for, so the first window is untouched. */
  receive: ReceiveWindow | undefined = undefined
  /** Undefined: nothing waits to be written. */
  outgoing: Outgoing | undefined = undefined
  rare: Rare | undefined = undefined
  lastTurn = -1

  constructor(mine: boolean, urgency: number, credit: number) {
    this.urgency = urgency
    this.bits = mine ? MINE | SETTLED : 0
    this.credit = credit
  }

  has(bit: number): boolean {
    return (this.bits & bit) !== 0
  }

  get mine(): boolean {
    return (this.bits & MINE) !== 0
  }

  /** Id in frames that this side sends. */
  get id(): number {
    return this.number * 2 + ((this.bits & MINE) === 0 ? 1 : 0)
  }

  get opened(): boolean {
    return this.number >= 0
  }

  get finished(): boolean {
    return isFinal(this.sending) && isFinal(this.receiving)
  }

  /** Bytes that wait to be written; a message end counts as one. */
  get queued(): number {
    return this.outgoing === undefined ? 0 : this.outgoing.queued
  }

  /** Made when it is first needed. */
  seldom(): Rare {
    if (this.rare === undefined) this.rare = new Rare()
    return this.rare
  }

  /** Something comes or is asked for, for the first time: the window has this size. */
  listen(size: number): ReceiveWindow {
    this.receive = new ReceiveWindow(size)
    return this.receive
  }

  /** The peer is to send no more, for this reason. */
  stop(code: number, reason: string): void {
    const rare = this.seldom()
    this.bits |= STOPPED
    rare.stopCode = code
    rare.stopReason = reason
  }

  /** Something is to be sent, after a rest. */
  begin(): Outgoing {
    this.outgoing = new Outgoing(this)
    return this.outgoing
  }

  /** All that was queued has been written. */
  emptied(): void {
    if ((this.bits & (REFILLS | ENDING)) === REFILLS) this.bits &= ~REFILLS
    else this.outgoing = undefined
  }

  /** Forgets what was to be sent, and takes no more. */
  dropQueue(): void {
    this.outgoing = undefined
    this.bits = (this.bits | ENDING) & ~WANTS_WRITABLE
    if (this.rare !== undefined) this.rare.trailer = undefined
  }
}

/** Live streams of both sides by number, and how many each side has ever opened. */
export class StreamTable {
  readonly mine: PagedMap<StreamRecord> = new PagedMap()
  readonly theirs: PagedMap<StreamRecord> = new PagedMap()
  mineOpened = 0
  theirsOpened = 0

  /** The stream an id of the peer's frame means: undefined when it is finished, 'idle' when it was never opened. */
  find(id: number): StreamRecord | undefined | 'idle' {
    const number = id < 2 ** 31 ? id >> 1 : Math.floor(id / 2)
    if (id % 2 === 0) return this.theirs.get(number) ?? (number >= this.theirsOpened ? 'idle' : undefined)
    return this.mine.get(number) ?? (number >= this.mineOpened ? 'idle' : undefined)
  }

  *live(): Generator<StreamRecord> {
    yield* this.mine.values()
    for (const record of this.theirs.values()) if (!record.has(REFUSED)) yield record
  }

  get size(): number {
    return this.mine.size + this.theirs.size
  }
}
