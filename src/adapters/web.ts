// web: a Stream as a pair of Web streams, for fetch, Response, pipeTo and whatever else speaks those. Owns how the two are made
// and the writing half; web-incoming.ts has the reading half. Only what is asked for is made.

import type { Stream } from '../session/stream.ts'
import { codeOf, isGivenUp } from './ends.ts'
import { Incoming } from './web-incoming.ts'

/** What the writable holds before its backpressure shows, besides what the session holds, in bytes: as much as Node's streams. */
const WRITE_BYTES = 16 * 1024

/** What {@link web} makes of a stream; a pair as `pipeThrough` takes it. */
export interface WebView extends AsyncDisposable {
  /** The reading half: a byte stream. Made when it is first asked for. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>
  /** The writing half: takes bytes as ArrayBuffer, typed array or DataView. Made when it is first asked for. */
  readonly writable: WritableStream<ArrayBufferView | ArrayBuffer>
  /** Resets the stream with CANCELLED unless it is over; for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Makes a pair of Web streams (WHATWG Streams Standard) of a stream; use the one or the other from then on. The `readable` can be the
 * body of a `Response`, `source.pipeThrough(web(stream)).pipeTo(target)` joins a stream to other Web streams, both ways.
 *
 * `readable` is a byte stream where the runtime has those: readers may bring their own buffer, and the chunks are the reader's alone,
 * so that their buffers can be transferred. What has arrived and waits is handed out as one chunk of about 64 KiB. Nothing is
 * read ahead: credit returns to the other side as readers ask. `cancel` is `stop`: the writing half goes on.
 *
 * `writable` holds 16 KiB besides what the session does; then `desiredSize` and `ready` hold the writer back. A chunk is handed over:
 * do not change it afterwards. `close()` is a clean end of this half and resolves when all has gone to the transport. `abort` resets the
 * stream (with the code of a BraidError, with INTERNAL for another error, else CANCELLED): both halves fail then.
 *
 * Both fail with the BraidError of the stream.
 *
 * @throws TypeError if somebody reads the stream already; on use of a half in a runtime without Web streams.
 *
 * @example
 * import { web } from 'braidwire/web'
 * import { pair } from 'braidwire/test'
 *
 * const [a, b] = pair()
 * b.handle('shout', (stream) => {
 *   const { readable, writable } = web(stream)
 *   const upper = new TransformStream({ transform: (text, to) => to.enqueue(text.toUpperCase()) })
 *   return readable
 *     .pipeThrough(new TextDecoderStream())
 *     .pipeThrough(upper)
 *     .pipeThrough(new TextEncoderStream())
 *     .pipeTo(writable)
 * })
 * const answer = new Blob(['hello']).stream().pipeThrough(web(a.open('shout')))
 * console.log(await new Response(answer).text()) // 'HELLO'
 * await a.close()
 */
export function web(stream: Stream): WebView {
  return new StreamPair(stream)
}

class StreamPair implements WebView {
  readonly #stream: Stream
  readonly #incoming: Incoming
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined
  #writable: WritableStream<ArrayBufferView | ArrayBuffer> | undefined

  constructor(stream: Stream) {
    this.#stream = stream
    // From the start: where nothing is left to read, the end comes though nobody reads, and gives the stream's place back.
    this.#incoming = new Incoming(stream)
    stream.receive(this.#incoming)
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (this.#readable === undefined) {
      if (typeof ReadableStream === 'undefined') throw missing('ReadableStream')
      // Nothing is read before somebody asks: what waits does so in the session, where it counts.
      this.#readable = new ReadableStream(this.#incoming, { highWaterMark: 0 })
    }
    return this.#readable
  }

  get writable(): WritableStream<ArrayBufferView | ArrayBuffer> {
    if (this.#writable === undefined) {
      if (typeof WritableStream === 'undefined') throw missing('WritableStream')
      this.#writable = new WritableStream(new Outgoing(this.#stream), { highWaterMark: WRITE_BYTES, size: sizeOf })
    }
    return this.#writable
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream.reset('CANCELLED')
  }
}

/** As much of a WritableStreamDefaultController as is used. */
interface Controller {
  error(error: unknown): void
}

/** What is written goes into the stream: an underlying sink. */
class Outgoing {
  readonly #stream: Stream
  #controller: Controller | undefined

  constructor(stream: Stream) {
    this.#stream = stream
  }

  start(controller: Controller): void {
    this.#controller = controller
    const stream = this.#stream
    const { signal } = stream
    // The other side may want no more while nobody writes, and whoever pipes into this has a source to cancel. After a clean end, or
    // when only reading failed, `ready` is fulfilled.
    const told = (): void => void stream.ready.catch((error) => controller.error(error))
    if (signal.aborted) told()
    else signal.addEventListener('abort', told, { once: true })
  }

  write(chunk: unknown): Promise<void> | undefined {
    const bytes = bytesOf(chunk)
    if (bytes === undefined) {
      const error = new TypeError(
        'the writable of web(stream) takes bytes; pipe text through a TextEncoderStream first',
      )
      // It fails the writable without an `abort`, and must not leave the stream open.
      this.#controller?.error(error)
      this.#stream.reset('INTERNAL')
      throw error
    }
    return this.#stream.write(bytes) ? undefined : this.#stream.ready
  }

  close(): Promise<void> {
    this.#stream.end()
    return this.#stream.ready.catch((error) => {
      // The other side wanted no more, and there is no more.
      if (!isGivenUp(error)) throw error
    })
  }

  abort(reason: unknown): void {
    this.#stream.reset(codeOf(reason))
  }
}

function bytesOf(chunk: unknown): Uint8Array | undefined {
  if (chunk instanceof Uint8Array) return chunk
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  return chunk instanceof ArrayBuffer ? new Uint8Array(chunk) : undefined
}

/** What is no bytes counts nothing here and is refused by `write`: a strategy that throws would fail the writable unheard. */
function sizeOf(chunk: unknown): number {
  const { byteLength } = (chunk ?? {}) as { byteLength?: unknown }
  return typeof byteLength === 'number' && byteLength >= 0 ? byteLength : 0
}

function missing(name: string): TypeError {
  return new TypeError(`this runtime has no ${name}: read and write the stream itself`)
}
