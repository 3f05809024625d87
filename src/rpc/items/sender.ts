// The producer's side of a stream of items: pulls an async iterable as fast as bytes and items are granted, and no faster.
// Knows streams and how to encode; knows no call.

import type { Stream } from '../../session/stream.ts'
import { FAILED, FIRST_GRANT, GrantReader, ITEM, RETURNED, tagged } from './wire.ts'

/** How the sender makes bytes of what it sends. */
export interface ItemEncoder {
  /** The item, behind `room` bytes to fill. */
  encode(item: unknown, room: number): Uint8Array
  /** What the consumer is told of an error that the producer threw. */
  encodeError(error: unknown): Uint8Array
  /** The iteration is over; true when all of it was delivered. May be told twice. */
  ended(whole: boolean): void
}

/** Sends what `items` gives until it ends or the consumer leaves; then its `return` has been called. Never rejects. */
export async function sendItems(items: AsyncIterable<unknown>, stream: Stream, encoder: ItemEncoder): Promise<void> {
  const grant = new Grant(stream)
  let whole = false
  try {
    const iterator = items[Symbol.asyncIterator]()
    // Whoever waits for something that never comes is told, but not waited for.
    grant.whenGone(() => {
      void leave(iterator)
      encoder.ended(false)
    })
    await sendAll(iterator, stream, grant, encoder)
    grant.done = true
    stream.end()
    // What was sent is delivered when the consumer has ended its half; an error until then means that it was not.
    whole = (await stream.closed) === undefined
  } catch (error) {
    grant.done = true
    if (!grant.gone) fail(stream, encoder, error)
  } finally {
    encoder.ended(whole)
  }
}

async function sendAll(
  iterator: AsyncIterator<unknown>,
  stream: Stream,
  grant: Grant,
  encoder: ItemEncoder,
): Promise<void> {
  for (;;) {
    if (grant.left === 0) await grant.more()
    const { done, value } = await iterator.next()
    if (grant.gone) return
    if (done === true) {
      stream.send(tagged(RETURNED, encoder.encode(value, 1)))
      return
    }
    let more: boolean
    try {
      more = stream.send(tagged(ITEM, encoder.encode(value, 1)))
    } catch (error) {
      void leave(iterator)
      throw error
    }
    grant.left--
    if (!more) await room(stream)
  }
}

/** A consumer that stops this half alone has left too. */
async function room(stream: Stream): Promise<void> {
  try {
    await stream.ready
  } catch (error) {
    stream.reset('CANCELLED')
    throw error
  }
}

function fail(stream: Stream, encoder: ItemEncoder, error: unknown): void {
  try {
    const text = encoder.encodeError(error)
    const message = new Uint8Array(text.length + 1)
    message.set(text, 1)
    stream.send(tagged(FAILED, message))
    stream.end()
  } catch {
    stream.reset('INTERNAL')
  }
}

/** Lets a producer clean up of which nobody wants anything. */
export async function leaveItems(items: AsyncIterable<unknown>): Promise<void> {
  try {
    await leave(items[Symbol.asyncIterator]())
  } catch {
    // It has nothing to clean up.
  }
}

/** Lets a producer clean up. A generator that waits hears of it when that wait is over; its errors concern nobody any more. */
async function leave(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.()
  } catch {
    // The consumer is gone.
  }
}

/** Items that may still be sent, as the consumer's half of the stream says. */
class Grant {
  left = FIRST_GRANT
  /** The consumer has left, or the session is over. */
  gone = false
  /** All was sent. */
  done = false
  #wake: (() => void) | undefined
  #onGone: (() => void) | undefined
  readonly #reader = new GrantReader()

  constructor(stream: Stream) {
    stream.receive({
      data: (chunk) => {
        this.left += this.#reader.read(chunk)
        if (this.left > 0) this.#resume()
      },
      // Nobody ends this half before the items are at their end, but who does wants no more of them.
      end: () => {
        if (this.done) return
        stream.reset('CANCELLED')
        this.#leave()
      },
      failed: () => this.#leave(),
    })
  }

  /** Calls back when the consumer leaves, at once if it has. */
  whenGone(task: () => void): void {
    this.#onGone = task
    if (this.gone) task()
  }

  /** Resolves when there is a grant, or nobody to give one. */
  more(): Promise<void> {
    if (this.gone || this.left > 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #leave(): void {
    this.gone = true
    this.#onGone?.()
    this.#resume()
  }

  #resume(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}
