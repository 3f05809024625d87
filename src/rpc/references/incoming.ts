// Incoming: what stands on this side for the references of one value that was received, as long as they live.
// Knows what kinds of references there are and where each is kept; knows no call.

import { BraidError } from '../../engine/errors.ts'
import { quiet } from '../../session/deferred.ts'
import type { Stream } from '../../session/stream.ts'
import type { Codec, Reference, ReferenceKind, ReferenceReader } from '../codec/codec.ts'
import type { ValueBounds } from '../codec/limits.ts'
import { decodeFailure } from '../failure.ts'
import { type ItemDecoder, ItemReader } from '../items/reader.ts'
import type { RpcSession } from '../rpc-session.ts'
import { isPassedOn } from './byte-streams.ts'
import { type Borrowed, borrow, FUNCTIONS_MAX, RELEASE_METHOD } from './functions.ts'
import { numberBytes } from './outgoing.ts'

/** What lives as long as a call or an iteration does: functions that were not kept, signals. */
class Loans {
  readonly #functions = new Map<number, Borrowed['run']>()
  #endings: (() => void)[] = []

  /** A function is the same in every item that names it. */
  run(number: number, make: () => Borrowed): Borrowed['run'] {
    const known = this.#functions.get(number)
    if (known !== undefined) return known
    if (this.#functions.size >= FUNCTIONS_MAX) {
      throw new BraidError('EXHAUSTED', `more than ${FUNCTIONS_MAX} functions are lent at a time`, { scope: 'call' })
    }
    const { run, end } = make()
    this.#functions.set(number, run)
    this.atEnd(end)
    return run
  }

  atEnd(end: () => void): void {
    this.#endings.push(end)
  }

  end(): void {
    for (const end of this.#endings) end()
    this.#endings = []
    this.#functions.clear()
  }
}

export class Incoming implements ReferenceReader {
  readonly #rpc: RpcSession | undefined
  readonly #codec: Codec
  readonly #bounds: ValueBounds
  readonly #loans: Loans
  readonly #depth: number
  /** What stands for each reference, by kind and number: a value is decoded twice when its parts were not there the first time. */
  #made: Map<string, unknown> | undefined
  #coming: Promise<void>[] | undefined
  #kinds: Map<number, ReferenceKind> | undefined
  #streams: Stream[] | undefined
  #kept: (() => void)[] | undefined
  #refused = false

  /** `depth`: how many functions had to be called by each other for this value to be sent. */
  constructor(rpc: RpcSession | undefined, codec: Codec, bounds: ValueBounds, loans: Loans = new Loans(), depth = 0) {
    this.#rpc = rpc
    this.#codec = codec
    this.#bounds = bounds
    this.#loans = loans
    this.#depth = depth
  }

  /**
   * What was decoded, when it is complete: a promise if parts of it have still to arrive, and then it is decoded again. What
   * was claimed is dropped if that fails.
   */
  complete<Value>(value: Value, decode: () => Value): Value | Promise<Value> {
    const coming = this.#coming
    if (coming === undefined) return value
    this.#coming = undefined
    return this.#completeLater(coming, decode)
  }

  async #completeLater<Value>(coming: readonly Promise<void>[], decode: () => Value): Promise<Value> {
    try {
      await Promise.all(coming)
      return await this.complete(decode(), decode)
    } catch (error) {
      this.refuse()
      throw error
    }
  }

  read(reference: Reference): unknown {
    const { kind, number } = reference
    const key = `${kind} ${number}`
    this.#made ??= new Map()
    if (this.#made.has(key)) return this.#made.get(key)
    const made =
      kind === 'function'
        ? this.#function(reference)
        : kind === 'signal'
          ? this.#signal(reference)
          : this.#part(reference)
    if (made !== undefined) this.#made.set(key, made)
    return made
  }

  /** When all streams of the value are over. */
  async over(): Promise<void> {
    await Promise.all((this.#streams ?? []).map((stream) => stream.closed))
  }

  /**
   * The call whose arguments these are is over. What was written into their streams is sent, nothing more is read; `whole`: the
   * caller waits for that.
   */
  end(whole: boolean): void {
    this.#loans.end()
    for (const stream of this.#streams ?? []) {
      if (!whole) stream.reset('CANCELLED')
      // Of one that was passed on, whoever has it now makes the end.
      if (isPassedOn(stream)) continue
      stream.end()
      stream.stop('CANCELLED')
    }
  }

  /** Parts that have not arrived are not waited for any more. */
  giveUp(error: BraidError): void {
    for (const number of this.#kinds?.keys() ?? []) this.#session().parts.drop(number, error)
  }

  /** The value is not wanted. */
  refuse(): void {
    this.#refused = true
    this.giveUp(new BraidError('CANCELLED', 'the value was given up', { scope: 'call' }))
    for (const stream of this.#streams ?? []) stream.reset('CANCELLED')
    for (const forget of this.#kept ?? []) forget()
    this.#kept = undefined
  }

  #part(reference: Reference): unknown {
    const { kind, number } = reference
    const known = this.#kinds?.get(number)
    if (known === kind) return undefined
    if (known !== undefined) throw new BraidError('INVALID_INPUT', 'a part is of one kind', { scope: 'call' })
    this.#kinds ??= new Map()
    const { parts } = this.#session()
    if (this.#kinds.size >= parts.max) {
      parts.refused++
      const text = `a value holds at most ${parts.max} streams and iterables, as many as may be open at once (maxStreams)`
      throw new BraidError('EXHAUSTED', text, { scope: 'call' })
    }
    this.#kinds.set(number, kind)
    const claimed = parts.claim(number)
    if (!(claimed instanceof Promise)) return this.#arrived(reference, claimed)
    this.#coming ??= []
    const coming = claimed.then((stream) => {
      this.#made?.set(`${kind} ${number}`, this.#arrived(reference, stream))
    })
    // Nobody looks at it when the value turns out to be a bad one.
    this.#coming.push(quiet(coming))
    return undefined
  }

  #arrived({ kind, flag }: Reference, stream: Stream): unknown {
    this.#streams ??= []
    this.#streams.push(stream)
    if (this.#refused) stream.reset('CANCELLED')
    if (kind === 'items') return new ItemReader(stream, new ReferencingDecoder(this.#rpc, this.#codec, this.#bounds))
    // Its sender takes nothing: one half is over from the beginning.
    if (flag) stream.end()
    return stream
  }

  #function({ number, flag: kept }: Reference): unknown {
    const rpc = this.#session()
    // What is kept may be called when nothing waits for it any more.
    const depth = kept ? 0 : this.#depth + 1
    const call = (values: readonly unknown[]): Promise<unknown> =>
      rpc.callFunction(rpc, number, values, this.#codec, depth)
    if (!kept) return this.#loans.run(number, () => borrow(false, call, () => {}))
    const borrowed = borrow(true, call, () => {
      rpc.unwatch(borrowed.run)
      rpc.session.call(RELEASE_METHOD, numberBytes(number), { part: true }).catch(() => {})
    })
    rpc.watch(borrowed.run)
    this.#kept ??= []
    this.#kept.push(() => rpc.unwatch(borrowed.run))
    return borrowed.run
  }

  #signal(reference: Reference): unknown {
    const followed = this.#session().signals.follow(reference, this.#codec)
    if (followed === undefined) {
      throw new BraidError('EXHAUSTED', 'too many signals are followed for this session', { scope: 'call' })
    }
    this.#loans.atEnd(followed.end)
    return followed.signal
  }

  #session(): RpcSession {
    if (this.#rpc !== undefined) return this.#rpc
    throw new BraidError('INVALID_INPUT', 'references can be received over a session only', { scope: 'call' })
  }
}

/** Decodes the items of one iteration, whose functions live as long as it does. */
export class ReferencingDecoder implements ItemDecoder {
  readonly #rpc: RpcSession | undefined
  readonly #codec: Codec
  readonly #bounds: ValueBounds
  readonly #onEnd: ((whole: boolean) => void) | undefined
  #loans: Loans | undefined
  /** Items whose parts have not all arrived. */
  #coming: Set<Incoming> | undefined

  constructor(
    rpc: RpcSession | undefined,
    codec: Codec,
    bounds: ValueBounds,
    onEnd?: ((whole: boolean) => void) | undefined,
  ) {
    this.#rpc = rpc
    this.#codec = codec
    this.#bounds = bounds
    this.#onEnd = onEnd
  }

  decode(bytes: Uint8Array): unknown {
    const reader = new ItemReferences(this)
    const item = reader.decode(bytes)
    return item instanceof Promise && reader.incoming !== undefined ? this.#await(item, reader.incoming) : item
  }

  /** The value of one item, as far as its parts are there. */
  decodeOnce(bytes: Uint8Array, reader: ReferenceReader): unknown {
    return this.#codec.decode(bytes, this.#bounds, reader)
  }

  /** What stands for the references of one item. */
  incoming(): Incoming {
    this.#loans ??= new Loans()
    return new Incoming(this.#rpc, this.#codec, this.#bounds, this.#loans)
  }

  decodeError(bytes: Uint8Array): unknown {
    return decodeFailure(bytes, this.#codec)
  }

  ended(error: BraidError | undefined): void {
    if (error !== undefined) for (const incoming of this.#coming ?? []) incoming.giveUp(error)
    this.#loans?.end()
    this.#onEnd?.(error === undefined)
  }

  async #await(item: Promise<unknown>, incoming: Incoming): Promise<unknown> {
    this.#coming ??= new Set()
    this.#coming.add(incoming)
    try {
      return await item
    } finally {
      this.#coming.delete(incoming)
    }
  }
}

/** Most values have no references and need nothing kept for them. */
export abstract class LazyReader<Value = unknown> implements ReferenceReader {
  incoming: Incoming | undefined

  protected abstract makeIncoming(): Incoming
  /** Decodes the bytes; a second time, when parts of the value were not there the first time. */
  protected abstract decodeOnce(bytes: Uint8Array): Value

  read(reference: Reference): unknown {
    this.incoming ??= this.makeIncoming()
    return this.incoming.read(reference)
  }

  /** The value of these bytes; a promise when parts of it have still to arrive. */
  decode(bytes: Uint8Array): Value | Promise<Value> {
    try {
      const value = this.decodeOnce(bytes)
      return this.incoming === undefined ? value : this.#complete(this.incoming, value, bytes)
    } catch (error) {
      this.incoming?.refuse()
      throw error
    }
  }

  #complete(incoming: Incoming, value: Value, bytes: Uint8Array): Value | Promise<Value> {
    return incoming.complete(value, () => this.decodeOnce(bytes))
  }
}

/** Reads the references of one item. */
class ItemReferences extends LazyReader {
  readonly #decoder: ReferencingDecoder

  constructor(decoder: ReferencingDecoder) {
    super()
    this.#decoder = decoder
  }

  protected makeIncoming(): Incoming {
    return this.#decoder.incoming()
  }

  protected decodeOnce(bytes: Uint8Array): unknown {
    return this.#decoder.decodeOnce(bytes, this)
  }
}
