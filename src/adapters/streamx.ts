// streamx: a Stream as a streamx Duplex, for code of the Holepunch family and for Bare. Owns how the halves, backpressure, ends
// and failures of the one are those of the other; the only file that knows that package.

import { Duplex, getStreamError } from 'streamx'
import type { BraidError } from '../engine/errors.ts'
import type { Stream } from '../session/stream.ts'
import { Arrivals, fail } from './arrivals.ts'
import { codeOf, isGivenUp } from './ends.ts'

/** How a {@link streamx} behaves; the names are those of streamx. */
export interface StreamxViewOptions {
  /** Bytes buffered each way before backpressure, in bytes. Default: that of streamx, 16 KiB. */
  highWaterMark?: number | undefined
  /** Aborting destroys the duplex, which resets the stream with CANCELLED. */
  signal?: AbortSignal | undefined
}

/** A streamx Duplex; also for `await using`. */
export interface StreamxView extends Duplex, AsyncDisposable {
  end(last?: Uint8Array | string | null): this
  /** Destroys it, and waits for 'close'. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Makes a streamx `Duplex` of a stream; use the one or the other from then on. It behaves as any streamx does: `end()` is a clean end
 * of this half, each half ends alone, it is destroyed by itself when both have ended, 'close' comes last, and 'error' carries the
 * BraidError. `destroy()` before both ends resets the stream (with INTERNAL if given an error that is no BraidError, else CANCELLED):
 * the other side then sees an error, never a clean end of half the bytes. Async iteration is that of streamx: it ends with 'close', when
 * this side has ended too.
 *
 * A chunk given to `write` is handed over: do not change it afterwards. Text is written as UTF-8. 'finish' says that all has gone to
 * the transport.
 *
 * Needs the package `streamx` beside Braidwire.
 *
 * @throws TypeError if somebody reads the stream already.
 *
 * @example
 * import { streamx } from 'braidwire/streamx'
 * import { pair } from 'braidwire/test'
 *
 * const [a, b] = pair()
 * b.handle('echo', (stream) => {
 *   const duplex = streamx(stream)
 *   duplex.pipe(duplex)
 * })
 * const duplex = streamx(a.open('echo'))
 * duplex.end('hello')
 * for await (const chunk of duplex) console.log(new TextDecoder().decode(chunk)) // 'hello'
 * await a.close()
 */
export function streamx(stream: Stream, options: StreamxViewOptions = {}): StreamxView {
  return new StreamDuplex(stream, options)
}

type Done = (error: Error | null) => void

class StreamDuplex extends Duplex {
  readonly #stream: Stream
  readonly #arrivals: Arrivals<Duplex>
  /** All that was written, and the end behind it, was handed over. */
  #ended = false

  constructor(stream: Stream, { highWaterMark, signal }: StreamxViewOptions) {
    super({ mapWritable: toBytes, ...(highWaterMark !== undefined && { highWaterMark }) })
    this.#stream = stream
    this.#arrivals = new Arrivals(this, stream)
    // From the start: a failure is told though nobody reads.
    stream.receive(this.#arrivals)
    void stream.closed.then((error) => {
      // Having sent everything, the other side wants no more of us: the next `write` fails.
      if (error !== undefined && !(this.#arrivals.ended && isGivenUp(error))) fail(this, error)
    })
    if (signal !== undefined) this.#follow(signal)
  }

  override _read(done: Done): void {
    this.#stream.resume()
    done(null)
  }

  override _writev(chunks: unknown[], done: Done): void {
    let room = true
    for (const chunk of chunks) room = this.#stream.write(chunk as Uint8Array)
    if (room) done(null)
    else this.#whenReady(done)
  }

  override _final(done: Done): void {
    this.#ended = true
    this.#stream.end()
    // The other side wanted no more, and there is no more.
    this.#whenReady((error) => done(isGivenUp(error) ? null : error))
  }

  /** Called at once by `destroy`, which otherwise waits for a write that the other side may hold up. */
  override _predestroy(): void {
    const error = getStreamError(this)
    if (error !== null) this.#stream.reset(codeOf(error))
    else if (!this.#ended) this.#stream.reset('CANCELLED')
    else if (!this.#arrivals.ended) this.#stream.stop('CANCELLED')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => {
      if (this.destroyed) return resolve()
      this.once('close', () => resolve())
      this.destroy()
    })
  }

  #whenReady(done: Done): void {
    this.#stream.ready.then(
      () => done(null),
      (error: BraidError) => {
        if (!isGivenUp(error)) fail(this, error)
        done(error)
      },
    )
  }

  #follow(signal: AbortSignal): void {
    const aborted = (): void => this.destroy(abortError(signal))
    if (signal.aborted) return aborted()
    signal.addEventListener('abort', aborted)
    this.once('close', () => signal.removeEventListener('abort', aborted))
  }
}

/** As Node calls it, whatever the reason was. */
function abortError({ reason }: AbortSignal): Error {
  return Object.assign(new Error('The operation was aborted', { cause: reason }), { name: 'AbortError' })
}

const encoder = new TextEncoder()

/** What cannot be written is thrown at whoever writes it. */
function toBytes(chunk: unknown): Uint8Array {
  if (typeof chunk === 'string') return encoder.encode(chunk)
  if (chunk instanceof Uint8Array) return chunk
  throw new TypeError(`a stream carries Uint8Arrays and text, not ${typeof chunk}`)
}
