// Outgoing: what one value leaves behind on this side when it is sent, from its encoding to the end of its life.
// Knows what kinds of references there are and where each is kept; knows no call.

import { joined } from '../../session/bytes.ts'
import type { Stream } from '../../session/stream.ts'
import type { Codec, Reference, ReferenceWriter } from '../codec/codec.ts'
import { encodeFailure, type FailurePolicy } from '../failure.ts'
import { type ItemEncoder, sendItems } from '../items/sender.ts'
import { encodeOne } from '../one-value.ts'
import type { RpcSession } from '../rpc-session.ts'
import type { AnyFunction } from '../service/method.ts'
import { byteStreamOf, pump } from './byte-streams.ts'
import { isKept } from './functions.ts'
import { ABORT_METHOD, isSignal } from './signals.ts'

/** Whose life a reference shares: that of a call, of nothing (a result is on its own), or of an iteration. */
export type Place = 'arguments' | 'result' | 'items'

/** A number as calls about references carry it: four bytes, big-endian. */
export function numberBytes(number: number): Uint8Array {
  return Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number)
}

export interface OutgoingInit {
  /** Run before the first part is opened. */
  readonly beforeParts?: (() => void) | undefined
  /** See `Incoming`. Default 0. */
  readonly depth?: number | undefined
}

export class Outgoing implements ReferenceWriter {
  /** Something of it was a reference. */
  used = false
  readonly #rpc: RpcSession | undefined
  readonly #codec: Codec
  readonly #place: Place
  readonly #policy: FailurePolicy
  readonly #more: OutgoingInit
  #parts: Set<Stream> | undefined
  /** Those of them by which something may come back. */
  #sinks: Set<Stream> | undefined
  #loans: (() => void)[] | undefined
  /** What was written of this value, and the functions that are lent for all items of an iteration. */
  #written: Map<object, Reference> | undefined
  #shared: Map<object, Reference> | undefined

  constructor(rpc: RpcSession | undefined, codec: Codec, place: Place, policy: FailurePolicy, more: OutgoingInit = {}) {
    this.#rpc = rpc
    this.#codec = codec
    this.#place = place
    this.#policy = policy
    this.#more = more
  }

  write(value: object): Reference | undefined {
    const known = this.#written?.get(value) ?? this.#shared?.get(value)
    if (known !== undefined) return known
    const reference = this.#reference(value)
    if (reference === undefined) return undefined
    this.used = true
    const shared = this.#place === 'items' && reference.kind === 'function' && !reference.flag
    if (shared) this.#shared = (this.#shared ?? new Map()).set(value, reference)
    else this.#written = (this.#written ?? new Map()).set(value, reference)
    return reference
  }

  /** When all streams of it are over. */
  async over(): Promise<void> {
    await Promise.all([...(this.#parts ?? [])].map((part) => part.closed))
  }

  /** The next item is a value of its own: its streams are, but functions are lent once for a whole iteration. */
  nextItem(): void {
    this.#written = undefined
  }

  /**
   * The value's life is over. `whole`: it arrived, and what was to be read of it was. What a handler wrote into the streams of its
   * arguments before it answered may come after the answer: its side ends them.
   */
  end(whole: boolean): void {
    for (const part of this.#parts ?? []) {
      const lives = whole && (this.#place !== 'arguments' || this.#sinks?.has(part) === true)
      if (!lives) part.reset('CANCELLED')
    }
    // What a result lends is given back by whoever got it.
    if (!whole || this.#place !== 'result') for (const giveBack of this.#loans ?? []) giveBack()
    this.#parts = undefined
    this.#loans = undefined
  }

  #reference(value: object): Reference | undefined {
    if (typeof value === 'function') return this.#function(value as AnyFunction)
    if (isSignal(value)) return this.#signal(value)
    const bytes = byteStreamOf(value)
    if (bytes !== undefined) {
      const part = this.#open()
      pump(bytes, part.stream)
      if (bytes.sink !== undefined) this.#sinks = (this.#sinks ?? new Set()).add(part.stream)
      return { kind: 'stream', number: part.number, flag: bytes.sink === undefined }
    }
    if (!(Symbol.asyncIterator in value)) return undefined
    const part = this.#open()
    const encoder = new ReferencingEncoder(this.#rpc, this.#codec, this.#policy, '')
    void sendItems(value as AsyncIterable<unknown>, part.stream, encoder)
    return { kind: 'items', number: part.number, flag: false }
  }

  #function(run: AnyFunction): Reference {
    const kept = isKept(run)
    if (this.#place === 'result' && !kept) {
      throw new TypeError('a function in a result must outlast its call: return keep(fn)')
    }
    const { reference, end } = this.#session().functions.lend(run, this.#codec, this.#policy, this.#more.depth)
    // A kept one is given back by the other side, or by release().
    if (!kept || this.#place === 'result') this.#lent(end)
    return reference
  }

  #signal(signal: AbortSignal): Reference {
    if (this.#place !== 'arguments') throw new TypeError('an AbortSignal can be sent as an argument only')
    const rpc = this.#session()
    const { reference, end } = rpc.signals.lend(signal, (number, reason) => {
      const body = joined([numberBytes(number), this.#reason(reason)])
      rpc.session.call(ABORT_METHOD, body, { part: true }).catch(() => {})
    })
    this.#lent(end)
    return reference
  }

  #reason(reason: unknown): Uint8Array {
    try {
      return encodeOne(this.#codec, reason)
    } catch {
      return new Uint8Array(0)
    }
  }

  #open(): { number: number; stream: Stream } {
    const { parts: all } = this.#session()
    if (this.#parts === undefined) this.#more.beforeParts?.()
    const part = all.open()
    this.#parts ??= new Set()
    const parts = this.#parts.add(part.stream)
    if (this.#place === 'items') void part.stream.closed.then(() => parts.delete(part.stream))
    return part
  }

  #lent(end: () => void): void {
    this.#loans ??= []
    this.#loans.push(end)
  }

  #session(): RpcSession {
    if (this.#rpc !== undefined) return this.#rpc
    throw new TypeError('streams, iterables, functions and signals can be sent over a session only')
  }
}

/** Encodes the items of one iteration, whose functions live as long as it does. */
export class ReferencingEncoder implements ItemEncoder {
  readonly #codec: Codec
  readonly #policy: FailurePolicy
  readonly #method: string
  readonly #outgoing: Outgoing
  readonly #onEnd: ((whole: boolean) => void) | undefined

  constructor(
    rpc: RpcSession | undefined,
    codec: Codec,
    policy: FailurePolicy,
    method: string,
    onEnd?: ((whole: boolean) => void) | undefined,
  ) {
    this.#codec = codec
    this.#policy = policy
    this.#method = method
    this.#outgoing = new Outgoing(rpc, codec, 'items', policy)
    this.#onEnd = onEnd
  }

  encode(item: unknown, room: number): Uint8Array {
    this.#outgoing.nextItem()
    return encodeOne(this.#codec, item, room, this.#outgoing)
  }

  encodeError(error: unknown): Uint8Array {
    return joined(encodeFailure(error, this.#policy, this.#codec, this.#method))
  }

  ended(whole: boolean): void {
    this.#outgoing.end(whole)
    this.#onEnd?.(whole)
  }
}
