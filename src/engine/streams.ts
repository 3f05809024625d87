// The per-stream record, its queue of unsent chunks, and the table of live streams by id. Knows no frame layout:
// inbound.ts and outbound.ts decide what happens to a record, this file keeps it.

import type { EngineStream, RawMeta } from './contract.ts'
import type { Schedulable } from './scheduler.ts'
import { type Half, isFinal } from './state.ts'
import { ReceiveWindow, SendWindow } from './window.ts'

/** Stands in a queue where a message ends. Never sent; told apart by identity. */
export const MESSAGE_END: Uint8Array = new Uint8Array(0)
const noChunks: Uint8Array[] = []

/** Control frames a record owes, as bits; they are written before its data, each at most once. */
export const OWES_ANSWER = 1
export const OWES_CREDIT = 2
export const OWES_ASK = 4
export const OWES_FIN = 8
export const OWES_RESET_SEND = 16
export const OWES_RESET_RECV = 32

/** What an OPEN of ours will say; dropped once it is written. */
export interface Opening {
  readonly name: Uint8Array
  readonly meta: RawMeta | undefined
  readonly confirm: boolean
  /** It belongs to work under way. */
  readonly part: boolean
}

export class StreamRecord implements EngineStream, Schedulable {
  number = -1
  readonly mine: boolean
  readonly urgency: number
  owner: unknown = undefined
  opening: Opening | undefined
  /** The half this side sends on, and the one it receives on. */
  sending: Half = 'open'
  receiving: Half = 'open'
  /** `end` was called; the half becomes ended when everything queued has been written. */
  ending = false
  trailer: RawMeta | undefined = undefined
  /** We told the peer to send no more: what still comes is discarded. */
  stopped = false
  /** The peer told us so: saying it again moves nothing. */
  stopHeard = false
  /** An answer was given (by us, to a stream of theirs) or read (by us, to ours). */
  answered = false
  answer: RawMeta | undefined = undefined
  /** The session has said that the handler ended; streams of ours have none. */
  settled: boolean
  /** Refused before the session heard of it: nothing about it is told. */
  refused = false
  /** `write` answered false; a `writable` event is due. */
  wantsWritable = false
  owes = 0
  resetCode = 0
  resetReason = ''
  /** Why the peer is to stop; it may differ from why our own half was reset. */
  stopCode = 0
  stopReason = ''
  readonly send: SendWindow
  readonly receive: ReceiveWindow
  /** Window last asked for with ASK. */
  asked = 0
  /** Last ASK the peer sent. */
  askedByPeer = 0
  queue: Uint8Array[] = noChunks
  /** First chunk in `queue` that is not wholly written, and how much of it is. */
  head = 0
  offset = 0
  queued = 0
  next: Schedulable | undefined = undefined
  previous: Schedulable | undefined = undefined
  scheduled = false
  deficit = 0
  lastTurn = -1
  jumped = false

  constructor(mine: boolean, urgency: number, opening: Opening | undefined, sendWindow: number, receiveWindow: number) {
    this.mine = mine
    this.urgency = urgency
    this.opening = opening
    this.settled = mine
    this.send = new SendWindow(sendWindow)
    this.receive = new ReceiveWindow(receiveWindow)
  }

  /** Id in frames that this side sends. */
  get id(): number {
    return this.number * 2 + (this.mine ? 0 : 1)
  }

  get opened(): boolean {
    return this.number >= 0
  }

  get finished(): boolean {
    return isFinal(this.sending) && isFinal(this.receiving)
  }

  /** Queues a chunk, and answers by how much `queued` has grown. */
  push(chunk: Uint8Array, messageEnd: boolean): number {
    if (this.queue === noChunks) this.queue = []
    if (chunk.length > 0) this.queue.push(chunk)
    // A message end costs a byte of credit, so it counts as one here too.
    if (messageEnd) this.queue.push(MESSAGE_END)
    const bytes = chunk.length + (messageEnd ? 1 : 0)
    this.queued += bytes
    return bytes
  }

  /** Forgets chunks before `head`; `head` has moved on to `index` with `offset` bytes of that chunk written. */
  advance(index: number, offset: number, bytes: number): void {
    this.queued -= bytes
    this.offset = offset
    if (index === this.queue.length) {
      this.queue = noChunks
      this.head = 0
    } else if (index > 64 && index * 2 > this.queue.length) {
      this.queue = this.queue.slice(index)
      this.head = 0
    } else {
      for (let i = this.head; i < index; i++) this.queue[i] = MESSAGE_END // let go of what is written
      this.head = index
    }
  }

  dropQueue(): void {
    this.queue = noChunks
    this.head = 0
    this.offset = 0
    this.queued = 0
    this.wantsWritable = false
    this.trailer = undefined
  }
}

/** Live streams of both sides by number, and how many each side has ever opened. */
export class StreamTable {
  readonly mine: Map<number, StreamRecord> = new Map()
  readonly theirs: Map<number, StreamRecord> = new Map()
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
    for (const record of this.theirs.values()) if (!record.refused) yield record
  }

  get size(): number {
    return this.mine.size + this.theirs.size
  }
}
