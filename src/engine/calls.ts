// Call slots, both ways: who waits for which reply, and which replies are owed. docs/PROTOCOL.md, section 7.
// The invariant that must not break: a slot is free again only when its REPLY was read (caller) or written (callee).

import type { EngineCall } from './contract.ts'
import { BraidError } from './errors.ts'
import type { StreamRecord } from './streams.ts'
import { encodeText, METHOD_NAMES_MAX } from './wire.ts'

const none = new Uint8Array(0)
/** Places an empty queue keeps. */
const KEPT_MAX = 1024

/** A queue of many short-lived items: shift without moving the rest. */
export class Queue<T> {
  private items: (T | undefined)[] = []
  private head = 0
  private tail = 0

  get size(): number {
    return this.tail - this.head
  }

  push(item: T): void {
    this.items[this.tail++] = item
  }

  peek(): T | undefined {
    return this.head === this.tail ? undefined : this.items[this.head]
  }

  shift(): T | undefined {
    if (this.head === this.tail) return undefined
    const item = this.items[this.head]
    this.items[this.head++] = undefined // let go of it
    if (this.head === this.tail) {
      // The places are used again: setting an array's length is dear, and most queues run empty with every item.
      if (this.tail > KEPT_MAX) this.items = []
      this.head = 0
      this.tail = 0
    } else if (this.head >= KEPT_MAX && this.head * 2 >= this.tail) this.fill(this.rest())
    return item
  }

  /** Forgets the items that fail the test; a queue of given-up work must not grow for ever. */
  keep(test: (item: T) => boolean): void {
    this.fill(this.rest().filter(test))
  }

  /** Takes everything out. */
  drain(): T[] {
    const rest = this.rest()
    this.fill([])
    return rest
  }

  *[Symbol.iterator](): Generator<T> {
    for (let i = this.head; i < this.tail; i++) yield this.items[i] as T
  }

  private rest(): T[] {
    return this.items.slice(this.head, this.tail) as T[]
  }

  private fill(items: T[]): void {
    this.items = items
    this.head = 0
    this.tail = items.length
  }
}

export class OutgoingCall implements EngineCall {
  readonly method: string
  args: Uint8Array
  readonly deadlineAt: number | undefined
  readonly oneWay: boolean
  /** It belongs to work under way. */
  readonly part: boolean
  owner: unknown
  /** -1: not on the wire yet. */
  slot = -1
  /** Given up: not to be sent, or its reply is to be ignored. */
  cancelled = false

  constructor(
    method: string,
    args: Uint8Array,
    deadlineAt: number | undefined,
    oneWay: boolean,
    owner: unknown,
    part = false,
  ) {
    this.method = method
    this.args = args
    this.deadlineAt = deadlineAt
    this.oneWay = oneWay
    this.owner = owner
    this.part = part
  }

  get sent(): boolean {
    return this.slot >= 0
  }
}

/** Our calls: slots of the peer. */
export class Caller {
  readonly waiting: Queue<OutgoingCall> = new Queue()
  /** CANCEL frames owed. */
  readonly cancels: { slot: number; code: number }[] = []
  inFlight = 0
  sent = 0
  /** Bytes of arguments that wait to be sent. */
  bytes = 0
  private cancelledWaiting = 0
  private readonly slots: (OutgoingCall | undefined)[] = []
  private readonly free: number[] = []
  private readonly numbers: Map<string, number> = new Map()

  /** Queues a call. */
  wait(call: OutgoingCall): void {
    this.waiting.push(call)
    this.bytes += call.args.length
  }

  /** Takes out all that were not sent and are new work. */
  refuse(): OutgoingCall[] {
    const waiting = this.waiting.drain().filter((call) => !call.cancelled)
    this.bytes = 0
    this.cancelledWaiting = 0
    for (const call of waiting) if (call.part) this.wait(call)
    return waiting.filter((call) => !call.part)
  }

  /** Gives a call up: unsent, it is forgotten; sent, a CANCEL is owed and the slot stays busy until the reply. */
  cancel(call: OutgoingCall, code: number): void {
    // Answered already: its slot may be another call's by now.
    if (call.cancelled || (call.sent && this.slots[call.slot] !== call)) return
    call.cancelled = true
    if (!call.sent) this.bytes -= call.args.length
    call.args = none
    if (call.sent) {
      this.cancels.push({ slot: call.slot, code })
    } else if (++this.cancelledWaiting * 2 > this.waiting.size) {
      this.waiting.keep((waiting) => !waiting.cancelled)
      this.cancelledWaiting = 0
    }
  }

  /** The next call to write; cancelled ones are dropped on the way. */
  next(): OutgoingCall | undefined {
    for (let call = this.waiting.peek(); call !== undefined; call = this.waiting.peek()) {
      if (!call.cancelled) return call
      this.waiting.shift()
      this.cancelledWaiting--
    }
    return undefined
  }

  /** A slot below the peer's limit, or -1 when all are busy. */
  take(call: OutgoingCall, slotsMax: number): number {
    let slot = this.free.pop()
    if (slot === undefined) {
      if (this.slots.length >= slotsMax) return -1
      slot = this.slots.length
      this.slots.push(undefined)
    }
    this.slots[slot] = call
    call.slot = slot
    this.bytes -= call.args.length
    this.inFlight++
    this.sent++
    return slot
  }

  /** Frees the slot of a reply. @throws BraidError PROTOCOL when it is free. */
  release(slot: number): OutgoingCall {
    const call = this.slots[slot]
    if (call === undefined) throw new BraidError('PROTOCOL', `a REPLY for slot ${slot}, which is free`)
    this.slots[slot] = undefined
    this.free.push(slot)
    this.inFlight--
    if (call.cancelled) this.forgetCancel(slot)
    return call
  }

  /** A CANCEL not yet written when the reply comes would only cross it. */
  private forgetCancel(slot: number): void {
    const at = this.cancels.findIndex((cancel) => cancel.slot === slot)
    if (at >= 0) this.cancels.splice(at, 1)
  }

  /** The number of a name the peer knows already, or 0 and the name's bytes: it goes inline and is numbered from now on. */
  methodNumber(name: string): number {
    const known = this.numbers.get(name)
    if (known !== undefined) return known
    if (this.numbers.size < METHOD_NAMES_MAX) this.numbers.set(name, this.numbers.size + 1)
    return 0
  }

  methodBytes(name: string): Uint8Array {
    return encodeText(name)
  }

  *live(): Generator<OutgoingCall> {
    for (const call of this.slots) if (call !== undefined && !call.cancelled) yield call
    for (const call of this.waiting) if (!call.cancelled) yield call
  }
}

/** A reply that waits to be written. */
export interface OwedReply {
  readonly slot: number
  readonly result: Uint8Array
  readonly via: StreamRecord | undefined
  readonly failure: { readonly code: number; readonly reason: Uint8Array; readonly details: Uint8Array } | undefined
}

function bytesOf({ result, failure }: OwedReply): number {
  return result.length + (failure?.details.length ?? 0)
}

const FREE = 0
const RUNNING = 1
const GIVEN_UP = 2
const OWED = 3

/** The peer's calls: slots of ours. */
export class Callee {
  readonly replies: Queue<OwedReply> = new Queue()
  busy = 0
  received = 0
  refused = 0
  /** Bytes of replies that wait to be sent. */
  bytes = 0
  /** Names the peer has numbered, and how often it named one inline when all numbers were given out. */
  readonly names: string[] = []
  namesRefused = 0
  private readonly slots: number[] = []

  /** @throws BraidError LIMIT_EXCEEDED for a slot that is busy or not one of ours. */
  begin(slot: number, slotsMax: number): void {
    if (slot >= slotsMax) {
      this.refused++
      throw new BraidError('LIMIT_EXCEEDED', `a CALL in slot ${slot}, of ${slotsMax}`)
    }
    while (this.slots.length <= slot) this.slots.push(FREE)
    if (this.slots[slot] !== FREE) {
      this.refused++
      throw new BraidError('LIMIT_EXCEEDED', `a CALL in slot ${slot}, which is busy`)
    }
    this.slots[slot] = RUNNING
    this.busy++
    this.received++
  }

  /** The peer gave the call up. False: there is none, or it had been given up before. */
  cancel(slot: number): boolean {
    if (this.slots[slot] !== RUNNING) return false
    this.slots[slot] = GIVEN_UP
    return true
  }

  /** Queues the one reply of a slot; a second one, or one for a slot that is not running, is our own bug. */
  owe(reply: OwedReply): void {
    const state = this.slots[reply.slot]
    if (state !== RUNNING && state !== GIVEN_UP) throw new RangeError(`slot ${reply.slot} is owed no reply`)
    this.slots[reply.slot] = OWED
    this.replies.push(reply)
    this.bytes += bytesOf(reply)
  }

  /** The reply has been handed to the transport. */
  written(reply: OwedReply): void {
    this.slots[reply.slot] = FREE
    this.bytes -= bytesOf(reply)
    this.busy--
  }

  /** Numbers an inline name. */
  learn(name: string): void {
    if (this.names.length < METHOD_NAMES_MAX) this.names.push(name)
    else this.namesRefused++
  }

  /** @throws BraidError PROTOCOL for a number that was never given out. */
  name(number: number): string {
    const name = this.names[number - 1]
    if (name === undefined) throw new BraidError('PROTOCOL', `method number ${number} was never given out`)
    return name
  }
}
