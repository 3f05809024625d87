// Subscription: one event of the other side, as whoever listens has it. Takes what arrives at once, so that a slow loop holds
// up nothing but itself, and keeps a bounded number of events for it.

import { BraidError } from '../../engine/errors.ts'
import { Deferred, quiet } from '../../session/deferred.ts'
import type { Stream } from '../../session/stream.ts'
import { Backlog, type Overflow } from './backlog.ts'
import { readGap } from './wish.ts'

/** Events of one name, from the other side. It listens from the moment it is made. */
export interface Subscription<Value> extends AsyncIterableIterator<Value, undefined>, AsyncDisposable {
  /** Events given up for want of room, on either side, as far as this side knows. Always 0 with 'fail'. */
  readonly dropped: number
  /** Events that have arrived and wait for the loop. */
  readonly waiting: number
  /**
   * Resolves when the other side has declared the topic and sends from now on; nobody need await it. Rejects with the
   * BraidError if that does not happen.
   */
  readonly ready: Promise<void>
  /** The next event; done at the clean end. Rejects with the BraidError when the subscription failed. */
  next(): Promise<IteratorResult<Value, undefined>>
  /** Unsubscribes, as leaving the loop does; what waits is dropped. */
  return(): Promise<IteratorReturnResult<undefined>>
  /** Unsubscribes, without a promise. */
  close(): void
}

/** What a subscription needs to know. */
export interface SubscriptionInit {
  readonly buffer: number
  readonly bytesMax: number
  readonly overflow: Overflow
  readonly signal: AbortSignal | undefined
  /** Makes a value of a message, from its second byte on. */
  readonly decode: (message: Uint8Array) => unknown
  readonly over: (subscription: LiveSubscription<unknown>) => void
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

export class LiveSubscription<Value> implements Subscription<Value> {
  private readonly stream: Stream
  private readonly init: SubscriptionInit
  private readonly backlog: Backlog
  private readonly steps: Deferred<IteratorResult<Value, undefined>>[] = []
  /** Drops the other side told of. */
  private missed = 0
  private over = false
  private error: unknown

  constructor(stream: Stream, init: SubscriptionInit) {
    this.stream = stream
    this.init = init
    this.backlog = new Backlog(init.buffer, init.bytesMax, init.overflow)
    stream.end()
    void this.listen()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  get dropped(): number {
    return this.missed + this.backlog.dropped
  }

  get waiting(): number {
    return this.backlog.size
  }

  get ready(): Promise<void> {
    return quiet(this.stream.accepted.then(() => undefined))
  }

  next(): Promise<IteratorResult<Value, undefined>> {
    const step = new Deferred<IteratorResult<Value, undefined>>()
    const message = this.backlog.shift()
    if (message !== undefined) this.hand(message, step)
    else if (!this.over) this.steps.push(step)
    else if (this.error === undefined) step.resolve(DONE)
    else {
      step.reject(this.error)
      this.error = undefined
    }
    return step.promise
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.close()
    return DONE
  }

  close(): void {
    this.backlog.clear()
    this.error = undefined
    this.stream.stop('CANCELLED')
    this.finish(undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  // -- what arrives

  private async listen(): Promise<void> {
    try {
      for await (const message of this.stream.messages()) {
        try {
          this.arrived(message)
        } catch (error) {
          if (error instanceof BraidError) this.stream.stop(error.code, error.message)
          throw error
        }
      }
      this.finish(undefined)
    } catch (error) {
      // A session that ends cleanly ends its topics; everything else is a failure.
      this.finish(error instanceof BraidError && error.code === 'BRAID_CLOSED' ? undefined : error)
    }
  }

  private arrived(message: Uint8Array): void {
    if (this.over) return
    const missed = readGap(message)
    if (missed !== undefined) {
      this.missed += missed
      return
    }
    const step = this.steps.shift()
    if (step !== undefined) this.hand(message, step)
    else if (!this.backlog.push(ownBytes(message))) {
      const { buffer } = this.init
      const text = `the loop over these events is behind, and ${buffer} of them wait; a larger buffer holds more`
      throw new BraidError('EXHAUSTED', text, { scope: 'stream' })
    }
  }

  private hand(message: Uint8Array, step: Deferred<IteratorResult<Value, undefined>>): void {
    try {
      step.resolve({ done: false, value: this.init.decode(message.subarray(1)) as Value })
    } catch (error) {
      this.backlog.clear()
      this.stream.stop('INVALID_INPUT', error instanceof BraidError ? error.message : undefined)
      step.reject(error)
      this.finish(undefined)
    }
  }

  private finish(error: unknown): void {
    if (this.over) return
    this.over = true
    if (this.init.signal?.aborted === true) this.backlog.clear()
    const [first, ...others] = this.steps.splice(0)
    if (error === undefined) first?.resolve(DONE)
    else if (first !== undefined) first.reject(error)
    else this.error = error
    for (const step of others) step.resolve(DONE)
    this.init.over(this as LiveSubscription<unknown>)
  }
}

/** A few bytes that wait must not keep alive all that was received with them. */
function ownBytes(message: Uint8Array): Uint8Array {
  return message.buffer.byteLength > message.length * 2 ? message.slice() : message
}
