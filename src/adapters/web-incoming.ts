// The reading half of web(stream): an underlying byte source that is also the stream's receiver. Owns what becomes one chunk,
// whose memory it is, and when the stream may deliver. No promise is made for a chunk.

import type { BraidError } from '../engine/errors.ts'
import { joined } from '../session/bytes.ts'
import type { Receiver, Stream } from '../session/stream.ts'
import { codeOf } from './ends.ts'

/** So many bytes that wait are enough for one chunk, in bytes; its last piece may go beyond. */
const CHUNK_BYTES = 64 * 1024

/** As much of a controller of either kind of ReadableStream as is used. */
interface Controller {
  enqueue(chunk: Uint8Array): void
  close(): void
  error(error: unknown): void
  /** A reader's own buffer that waits to be filled; null if none does, undefined where there are no byte streams. */
  readonly byobRequest?: { readonly view: ArrayBufferView | null; respond(bytes: number): void } | null
}

export class Incoming implements Receiver {
  /** Which kind of source this is, in the words of the standard. */
  readonly type: 'bytes' | undefined = typeof ReadableByteStreamController === 'undefined' ? undefined : 'bytes'
  readonly #stream: Stream
  #controller: Controller | undefined
  /** What was delivered and is not yet in a chunk. */
  #parts: Uint8Array[] = []
  #size = 0
  /** A reader waits. */
  #wanted = false
  /** What waits in the stream is being collected. */
  #collecting = false
  /** How it ended, before there was somebody to tell. */
  #outcome: BraidError | 'ended' | undefined

  constructor(stream: Stream) {
    this.#stream = stream
  }

  // -- called by the ReadableStream

  start(controller: Controller): void {
    this.#controller = controller
    if (this.#outcome === 'ended') controller.close()
    else if (this.#outcome !== undefined) controller.error(this.#outcome)
  }

  pull(): void {
    this.#wanted = true
    this.#collecting = true
    this.#stream.resume()
    this.#collecting = false
    this.#hand()
  }

  cancel(reason: unknown): void {
    this.#stream.stop(codeOf(reason))
  }

  // -- called by the Stream

  data(bytes: Uint8Array): void {
    this.#size += bytes.length
    if (!this.#wanted) {
      // The very first, for which nobody has asked. It may wait long: not in the large buffer it came in.
      this.#stream.pause()
      this.#parts.push(bytes.slice())
      return
    }
    this.#parts.push(bytes)
    if (!this.#collecting) this.#hand()
    else if (this.#size >= CHUNK_BYTES) this.#stream.pause()
  }

  end(): void {
    this.#hand()
    this.#outcome = 'ended'
    this.#controller?.close()
    // A reader that brought a buffer gets it back, empty.
    this.#controller?.byobRequest?.respond(0)
  }

  failed(error: BraidError): void {
    this.#parts = []
    this.#size = 0
    this.#outcome = error
    this.#controller?.error(error)
  }

  /** Gives the reader what there is, and holds the stream until somebody asks again. */
  #hand(): void {
    const controller = this.#controller
    if (controller === undefined || !this.#wanted || this.#size === 0) return
    const parts = this.#parts
    const size = this.#size
    this.#parts = []
    this.#size = 0
    this.#wanted = false
    this.#stream.pause()
    const request = controller.byobRequest
    const view = request?.view
    if (request == null || view == null) {
      // Memory of its own: a byte stream takes the whole buffer of a chunk, and others lie in the one it came in.
      controller.enqueue(joined(parts))
      return
    }
    const room = Math.min(view.byteLength, size)
    const rest = fill(new Uint8Array(view.buffer, view.byteOffset, room), parts)
    request.respond(room)
    if (rest.length > 0) controller.enqueue(joined(rest))
  }
}

/** Copies as much as fits; the rest is what did not. */
function fill(into: Uint8Array, parts: Uint8Array[]): Uint8Array[] {
  let at = 0
  for (const [index, part] of parts.entries()) {
    const room = into.length - at
    if (part.length > room) {
      into.set(part.subarray(0, room), at)
      return [part.subarray(room), ...parts.slice(index + 1)]
    }
    into.set(part, at)
    at += part.length
  }
  return []
}
