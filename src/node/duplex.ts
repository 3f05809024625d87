// duplex: a Stream as a node:stream Duplex, for code that already speaks that. Owns how the halves, backpressure, ends and
// failures of the one are those of the other; made only when asked for, and nothing else in Braidwire uses it.

import { Duplex, type DuplexOptions } from 'node:stream'
import { Arrivals, fail } from '../adapters/arrivals.ts'
import { codeOf, isGivenUp } from '../adapters/ends.ts'
import type { BraidError } from '../engine/errors.ts'
import type { Stream } from '../session/stream.ts'

/** How a {@link duplex} behaves; the names are Node's. */
export interface DuplexViewOptions {
  /** False: when the other side ends, this side ends too, as a `net.Socket` does. Default false. */
  allowHalfOpen?: boolean | undefined
  /** Bytes buffered each way before backpressure, in bytes. Default: Node's, 16 KiB or 64 KiB. */
  highWaterMark?: number | undefined
  /** The same for reading alone, in bytes. */
  readableHighWaterMark?: number | undefined
  /** The same for writing alone, in bytes. */
  writableHighWaterMark?: number | undefined
  /** Deliver text in this encoding. Default: Buffers. */
  encoding?: BufferEncoding | undefined
  /** Aborting destroys the duplex, which resets the stream with CANCELLED. */
  signal?: AbortSignal | undefined
}

/**
 * Makes a Node `Duplex` of a stream; use the one or the other from then on. It behaves as a `net.Socket` does:
 * `end()` is a clean end of this half, `pipe`, `pipeline`, `finished`, `setEncoding` and async iteration work, and 'error'
 * carries the BraidError. `destroy()` before the end resets the stream (with INTERNAL if given an error that is no BraidError,
 * else CANCELLED): the other side then sees an error, never a clean end of half the bytes.
 *
 * A buffer given to `write` is handed over: do not change it afterwards, also not in the callback, which says that the session
 * has taken the bytes. 'finish' says that all of them have gone to the transport; `session.drain` waits until they are read.
 *
 * @throws TypeError if somebody reads the stream already.
 *
 * @example
 * import { duplex } from 'braidwire/node'
 * import { pair } from 'braidwire/test'
 *
 * const [a, b] = pair()
 * b.handle('echo', (stream) => {
 *   const socket = duplex(stream)
 *   socket.pipe(socket)
 * })
 * const socket = duplex(a.open('echo'))
 * socket.end('hello')
 * for await (const chunk of socket) console.log(chunk.toString()) // 'hello'
 * await a.close()
 */
export function duplex(stream: Stream, options: DuplexViewOptions = {}): Duplex {
  return new StreamDuplex(stream, options)
}

class StreamDuplex extends Duplex {
  readonly #stream: Stream
  readonly #arrivals: SocketArrivals

  constructor(stream: Stream, options: DuplexViewOptions) {
    // Node takes an option that is there but undefined for a wrong one.
    const given = Object.entries(options).filter(([, value]) => value !== undefined)
    super({ allowHalfOpen: false, ...(Object.fromEntries(given) as DuplexOptions), objectMode: false })
    this.#stream = stream
    // From the start, as a socket reads from the start: a failure is told though nobody reads.
    this.#arrivals = new SocketArrivals(this, stream)
    stream.receive(this.#arrivals)
    void stream.closed.then((error) => {
      if (error !== undefined && !this.#isFarewell(error)) fail(this, error)
    })
  }

  override _read(): void {
    this.#stream.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#stream.write(chunk)) done()
    else this.#whenReady(done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    let room = true
    for (const { chunk } of chunks) room = this.#stream.write(chunk)
    if (room) done()
    else this.#whenReady(done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.end()
    this.#whenReady((error) => {
      // The other side wanted no more, and there is no more.
      done(isGivenUp(error) ? null : error)
    })
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (error !== null) this.#stream.reset(codeOf(error))
    else if (!this.writableEnded || this.writableLength > 0) this.#stream.reset('CANCELLED')
    else {
      // All was handed over: it goes its way, and the end behind it.
      this.#stream.end()
      if (!this.#arrivals.ended) this.#stream.stop('CANCELLED')
    }
    done(error)
  }

  #whenReady(done: (error?: Error | null) => void): void {
    this.#stream.ready.then(
      () => done(),
      (error: BraidError) => {
        if (!isGivenUp(error)) fail(this, error)
        done(error)
      },
    )
  }

  /**
   * Having sent everything, the other side wants no more of us. A socket hears of that only if it goes on writing, and so do we:
   * the next `write` fails.
   */
  #isFarewell(error: BraidError): boolean {
    return this.#arrivals.ended && isGivenUp(error)
  }
}

/** As a socket does: where nothing is left to read, the end comes though nobody reads. */
class SocketArrivals extends Arrivals<Duplex> {
  override end(): void {
    super.end()
    this.view.read(0)
  }
}
