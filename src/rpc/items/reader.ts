// The consumer's side of a stream of items: an async generator over its messages that grants more as it takes them.
// Knows streams and how to decode; knows no call.

import { BraidError } from '../../engine/errors.ts'
import { isThenable } from '../../session/deferred.ts'
import type { Stream } from '../../session/stream.ts'
import type { RemoteItems } from '../client.ts'
import { FAILED, GRANT_STEP, grantBytes, ITEM, RETURNED } from './wire.ts'

/** How the reader makes values of what arrives. */
export interface ItemDecoder {
  /** A promise when parts of the item are still on their way. */
  decode(bytes: Uint8Array): unknown
  decodeError(bytes: Uint8Array): unknown
  /** Nothing more will be decoded; with an error, what is still on its way is not waited for either. May be told twice. */
  ended(error: BraidError | undefined): void
}

type Result = IteratorResult<unknown, unknown>
const over = (): Result => ({ done: true, value: undefined })

/** The items of one stream. Leaving early resets it, and then the producer's `return` is called. */
export class ItemReader implements RemoteItems<unknown> {
  readonly #stream: Stream
  readonly #decoder: ItemDecoder
  readonly #messages: AsyncIterator<Uint8Array>
  /** Items taken since the last grant. */
  #ungranted = 0
  #over = false
  #reading = false
  readonly #queue: (() => void)[] = []
  /** Whoever takes the items has left: what waits for one learns no error of that. */
  #left = false

  constructor(stream: Stream, decoder: ItemDecoder) {
    this.#stream = stream
    this.#decoder = decoder
    this.#messages = stream.messages()
    void stream.closed.then((error) => decoder.ended(error))
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Result> {
    // One after the other, as with a generator: who asks beyond the end has to know of the end.
    if (this.#reading) return this.#later()
    this.#reading = true
    return this.#step()
  }

  async #later(): Promise<Result> {
    await new Promise<void>((resolve) => this.#queue.push(resolve))
    return this.#step()
  }

  /** The callbacks are made once: an item costs the promise it is asked for by, and no more. */
  #step(): Promise<Result> {
    if (this.#over) return Promise.resolve(this.#passed(over()))
    return this.#messages.next().then(this.#arrived, this.#failed)
  }

  readonly #arrived = (step: IteratorResult<Uint8Array>): Result | Promise<Result> => {
    let result: Result | Promise<Result>
    try {
      if (this.#over) result = over()
      else if (step.done === true) throw new BraidError('PROTOCOL', 'the items ended without an end', { scope: 'call' })
      else result = this.#read(step.value)
    } catch (error) {
      return this.#failed(error)
    }
    if (result instanceof Promise) return result.then(this.#passed, this.#failed)
    return this.#passed(result)
  }

  readonly #passed = (result: Result): Result => {
    const following = this.#queue.shift()
    if (following === undefined) this.#reading = false
    else following()
    return result
  }

  readonly #failed = (error: unknown): Result => {
    if (this.#left) return this.#passed(over())
    this.#reset()
    this.#passed(over())
    throw error
  }

  async return(value?: unknown): Promise<Result> {
    this.#leave()
    return { done: true, value: await value }
  }

  async throw(error: unknown): Promise<Result> {
    this.#leave()
    throw error
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave()
  }

  #read(message: Uint8Array): Result | Promise<Result> {
    const tag = message[0]
    const bytes = message.subarray(1)
    if (tag === ITEM) {
      const value = this.#decoder.decode(bytes)
      return isThenable(value) ? this.#whole(value) : this.#taken(value)
    }
    if (tag === FAILED) {
      const error = this.#decoder.decodeError(bytes)
      this.#finish()
      throw error
    }
    if (tag !== RETURNED) throw new BraidError('PROTOCOL', 'a message that is no item', { scope: 'call' })
    return this.#last(bytes)
  }

  async #whole(value: PromiseLike<unknown>): Promise<Result> {
    return this.#taken(await value)
  }

  #taken(value: unknown): Result {
    if (++this.#ungranted === GRANT_STEP && !this.#over) {
      this.#ungranted = 0
      this.#stream.write(grantBytes(GRANT_STEP))
    }
    return { done: false, value }
  }

  /** What the producer returned. Steps asked for meanwhile are beyond the end. */
  async #last(bytes: Uint8Array): Promise<Result> {
    this.#over = true
    try {
      const value = await this.#decoder.decode(bytes)
      this.#finish()
      return { done: true, value }
    } catch (error) {
      this.#stream.reset('CANCELLED')
      throw error
    }
  }

  /** All has arrived. */
  #finish(): void {
    this.#over = true
    this.#stream.end()
    this.#decoder.ended(undefined)
    // Who goes on sending would else keep the stream open.
    const more = ({ done }: IteratorResult<unknown>): void => {
      if (done !== true) this.#stream.reset('PROTOCOL', 'a message after the end of the items')
    }
    this.#messages.next().then(more, () => {})
  }

  #leave(): void {
    if (!this.#over) this.#left = true
    this.#reset()
  }

  #reset(): void {
    if (this.#over) return
    this.#over = true
    this.#stream.reset('CANCELLED')
  }
}
