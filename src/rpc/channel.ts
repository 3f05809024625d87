// Channel: a stream as values instead of bytes. One message of the stream per value; flow control is the stream's own.
// Knows Stream and codecs; knows no session and no call.

import { BraidError } from '../engine/errors.ts'
import { quiet } from '../session/deferred.ts'
import type { Stream } from '../session/stream.ts'
import type { Codec } from './codec/codec.ts'
import { parseLimits, type ValueBounds, type ValueLimits } from './codec/limits.ts'
import { msgpack } from './codec/msgpack.ts'
import { decodeOne, encodeOne } from './one-value.ts'

/** Options of {@link values}. Both sides of a stream have to name the same codec. */
export interface ChannelOptions {
  /** How values become bytes. Default: msgpack, which both sides always have. */
  readonly codec?: Codec | undefined
  /** What one received value may hold. */
  readonly limits?: ValueLimits | undefined
}

/** A stream of values: `Sent` one way, `Received` the other. */
export interface Channel<Sent, Received = Sent> extends AsyncIterable<Received>, AsyncDisposable {
  /** The stream below: metadata, answer, signal, `reset`. Leave its bytes to the channel. */
  readonly stream: Stream
  /**
   * Sends one value. False: wait for `ready`, or, when the other side wants no more, give up.
   *
   * @throws TypeError for what cannot travel, or after `end`; RangeError for a value above `maxMessage` bytes.
   */
  send(value: Sent): boolean
  /** As of the stream: resolves when there is room to send; after `end`, when all has left. Rejects with the BraidError. */
  readonly ready: Promise<void>
  /** Sends no more; what was sent arrives first. Receiving goes on. */
  end(): void
  /**
   * The values, in order. Leaving the loop early stops the other side, sending goes on. A message that is no value ends the
   * loop with `BRAID_INVALID_INPUT` and resets the stream.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Received, undefined>
  /** Resets the stream with CANCELLED, unless both halves are over. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Makes a stream carry values instead of bytes; both sides have to.
 *
 * The types say what the two sides agreed on: nothing checks them at run time.
 *
 * @throws RangeError for a limit outside its bounds.
 * @example
 * import { values } from 'braidwire/rpc'
 * import { pair } from 'braidwire/test'
 *
 * const [a, b] = pair()
 * b.handle('squares', async (stream) => {
 *   const numbers = values(stream)
 *   for await (const n of numbers) if (!numbers.send({ n, square: n * n })) await numbers.ready
 *   numbers.end()
 * })
 * const squares = values(a.open('squares'))
 * for (const n of [2, 3]) squares.send(n)
 * squares.end()
 * for await (const { n, square } of squares) console.log(`${n} ${square}`)
 * await a.close()
 */
export function values<Sent = unknown, Received = Sent>(
  stream: Stream,
  options: ChannelOptions = {},
): Channel<Sent, Received> {
  return new StreamChannel(stream, options.codec ?? msgpack, parseLimits(options.limits))
}

class StreamChannel<Sent, Received> implements Channel<Sent, Received> {
  readonly stream: Stream
  readonly #codec: Codec
  readonly #bounds: ValueBounds

  constructor(stream: Stream, codec: Codec, bounds: ValueBounds) {
    this.stream = stream
    this.#codec = codec
    this.#bounds = bounds
  }

  send(value: Sent): boolean {
    return this.stream.send(encodeOne(this.#codec, value))
  }

  get ready(): Promise<void> {
    return this.stream.ready
  }

  end(): void {
    this.stream.end()
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Received, undefined> {
    return new ValueReader(this.stream, this.#codec, this.#bounds)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stream[Symbol.asyncDispose]()
  }
}

/** Decodes what the loop over the messages hands out, at the cost of one promise a value. */
class ValueReader<Received> implements AsyncIterableIterator<Received, undefined> {
  readonly #stream: Stream
  readonly #messages: AsyncIterator<Uint8Array, undefined>
  readonly #take: (step: IteratorResult<Uint8Array, undefined>) => IteratorResult<Received, undefined>

  constructor(stream: Stream, codec: Codec, bounds: ValueBounds) {
    this.#stream = stream
    this.#messages = stream.messages()
    this.#take = (step) => {
      if (step.done === true) return step
      try {
        return { done: false, value: decodeOne(codec, step.value, bounds) as Received }
      } catch (thrown) {
        this.#stream.reset('INVALID_INPUT', thrown instanceof BraidError ? thrown.message : undefined)
        throw thrown
      }
    }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Received, undefined>> {
    return quiet(this.#messages.next().then(this.#take))
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#messages.return?.()
    return { done: true, value: undefined }
  }
}
