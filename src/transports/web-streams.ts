// A pair of Web streams as a Transport: what `fetch`, Deno's and Bun's connections, WebTransport and TransformStreams are made of.
// Owns how they are pulled, written and ended; names the members it uses, and no platform.

import type { Transport, TransportSink } from '../session/transport.ts'
import { closeTimer } from './carrier.ts'
import { joined, plain } from './chunks.ts'
import { Turning } from './turning.ts'

/** What is used of a `ReadableStreamDefaultReader`, or of a BYOB reader. */
export interface WebReaderLike {
  read(into?: Uint8Array): Promise<{ readonly done: boolean; readonly value?: unknown }>
  cancel(reason?: unknown): Promise<unknown>
}

/** What is used of a `WritableStreamDefaultWriter`. */
export interface WebWriterLike {
  /** How much more it wants; 0 or less: nothing now. Null: it failed. */
  readonly desiredSize: number | null
  readonly ready: Promise<unknown>
  readonly closed: Promise<unknown>
  write(chunk: Uint8Array): Promise<unknown>
  close(): Promise<unknown>
  abort(reason?: unknown): Promise<unknown>
}

/** What is used of a `ReadableStream`. */
export interface WebReadableLike {
  getReader(options?: { mode: 'byob' }): unknown
}

/** What is used of a `WritableStream`. */
export interface WebWritableLike {
  getWriter(): unknown
}

/** Two Web streams that together are one carrier, as `WebTransportBidirectionalStream` or `Deno.Conn` have them. */
export interface WebStreamPair {
  readonly readable: WebReadableLike
  readonly writable: WebWritableLike
}

export interface WebStreamsOptions {
  /** What `transport.remote` says. Default: `web-streams`. */
  remote?: string | undefined
  /** What `transport.confidential` says. Default: undefined, nothing is known. */
  confidential?: boolean | undefined
}

/** Room for one read of a byte stream. */
const READ_BYTES = 64 * 1024

/**
 * Makes a {@link Transport} of a readable and a writable Web stream of bytes (WHATWG Streams). Both are locked, and the transport's
 * from then on. Byte streams are read into buffers of this side (BYOB), others as they deliver. Writing goes on while
 * `desiredSize` is above 0: the queuing strategy of the writable stream decides how much it holds.
 *
 * @throws TypeError if one of them is locked already.
 *
 * @example
 * import { connect } from 'braidwire'
 * import { webStreamsTransport } from 'braidwire/transport/web-streams'
 *
 * const [up, down] = [new TransformStream(), new TransformStream()]
 * const [a, b] = await Promise.all([
 *   connect(webStreamsTransport({ readable: down.readable, writable: up.writable }, { remote: 'the other half' })),
 *   connect({ readable: up.readable, writable: down.writable }), // the same: connect knows them
 * ])
 * b.handleCall('echo', (bytes) => bytes)
 * console.log(await a.call('echo', Uint8Array.of(1, 2, 3))) // Uint8Array(3) [ 1, 2, 3 ]
 * await a.close()
 */
export function webStreamsTransport(pair: WebStreamPair, options: WebStreamsOptions = {}): Transport {
  return new WebStreamsTransport(pair, options)
}

class WebStreamsTransport implements Transport {
  readonly remote: string
  readonly confidential: boolean | undefined
  readonly #reader: WebReaderLike
  readonly #writer: WebWriterLike
  /** What is read into; undefined: the stream brings its own chunks. */
  #buffer: ArrayBufferLike | undefined
  #sink: TransportSink | undefined
  readonly #turning = new Turning(() => this.#pull())
  #reading = false
  #paused = false
  #full = false
  /** Writes that have not settled. */
  #writing = 0
  #closing = false
  #over = false
  #readDone = false
  #writeDone = false
  #timer: unknown

  constructor({ readable, writable }: WebStreamPair, { remote = 'web-streams', confidential }: WebStreamsOptions) {
    this.remote = remote
    this.confidential = confidential
    const byob = byobReader(readable)
    this.#reader = byob ?? (readable.getReader() as WebReaderLike)
    if (byob !== undefined) this.#buffer = new ArrayBuffer(READ_BYTES)
    this.#writer = writable.getWriter() as WebWriterLike
    // Rejections that are told by `start`, or by what is pending; none may go unheard.
    ignore(this.#writer.closed)
    ignore(this.#writer.ready)
  }

  start(sink: TransportSink): void {
    this.#sink = sink
    this.#writer.closed.catch((error) => this.#failed(error))
    this.#pull()
  }

  send(chunks: Uint8Array[]): boolean {
    if (this.#closing || this.#over) return true
    const writer = this.#writer
    for (const chunk of joined(chunks)) {
      this.#writing++
      writer.write(chunk).then(this.#wrote, (error) => this.#failed(error))
    }
    if ((writer.desiredSize ?? 1) > 0) return true
    this.#full = true
    ignore(writer.ready.then(() => this.#drained()))
    return false
  }

  pause(): void {
    if (!this.#closing) this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#pull()
  }

  close(): void {
    if (this.#closing || this.#over) return
    this.#closing = true
    this.#timer = closeTimer(() => this.#finish())
    this.#writer.close().then(
      () => {
        this.#writeDone = true
        if (this.#readDone) this.#finish()
      },
      () => this.#finish(),
    )
    // Reading on until the other side ends too, so that it can take our last bytes.
    this.resume()
  }

  readonly #wrote = (): void => {
    this.#writing--
  }

  #drained(): void {
    if (!this.#full || this.#closing || this.#over) return
    this.#full = false
    this.#sink!.drained()
  }

  /** Reads, unless somebody wants nothing now or a read is under way. */
  #pull(): void {
    if (this.#reading || this.#paused || this.#over || this.#readDone || !this.#turning.taken()) return
    this.#reading = true
    const buffer = this.#buffer
    const read = buffer === undefined ? this.#reader.read() : this.#reader.read(new Uint8Array(buffer))
    read.then(
      ({ done, value }) => {
        this.#reading = false
        if (done) this.#readEnded()
        else {
          this.#received(value)
          this.#pull()
        }
      },
      (error) => this.#failed(error),
    )
  }

  #received(value: unknown): void {
    if (!(value instanceof Uint8Array)) {
      this.#finish(new TypeError('the readable stream delivers text or objects, not bytes (Uint8Array)'))
      return
    }
    const chunk = this.#buffer === undefined ? plain(value) : this.#filled(value)
    if (!this.#closing && !this.#over && chunk.length > 0) this.#sink!.bytes(chunk)
  }

  /** Every read takes the buffer away and gives it back: one that is mostly empty is read into again, and its bytes copied. */
  #filled(value: Uint8Array): Uint8Array {
    const whole = value.length >= READ_BYTES / 2
    this.#buffer = whole ? new ArrayBuffer(READ_BYTES) : value.buffer
    return whole ? value : value.slice()
  }

  #readEnded(): void {
    this.#readDone = true
    if (!this.#closing || this.#writeDone) this.#finish()
  }

  #failed(cause: unknown): void {
    // Once we are closing ourselves, how the rest of it fails is nobody's concern.
    if (this.#closing) this.#finish()
    else this.#finish(cause instanceof Error ? cause : new Error(String(cause ?? 'the stream was given up')))
  }

  #finish(error?: Error): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    const reason = error ?? new Error('the session has ended')
    if (!this.#readDone) ignore(this.#reader.cancel(reason))
    // Aborting drops what was written; closing would wait for it for ever.
    if (!this.#writeDone) {
      ignore(
        error === undefined && this.#writing === 0 && !this.#closing
          ? this.#writer.close()
          : this.#writer.abort(reason),
      )
    }
    this.#sink?.closed(error)
  }
}

/** A reader that reads into buffers of its user, if the stream is one of bytes. */
function byobReader(readable: WebReadableLike): WebReaderLike | undefined {
  try {
    return readable.getReader({ mode: 'byob' }) as WebReaderLike
  } catch {
    return undefined
  }
}

/** What fails here is told elsewhere, or is over anyway. */
function ignore(promise: Promise<unknown>): void {
  promise.catch(() => {})
}
