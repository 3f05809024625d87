// A Stream of another session as a Transport: sessions within sessions. Owns how the stream is ended; what its session runs over
// it does not know.

import type { BraidError } from '../engine/errors.ts'
import type { Receiver, Stream } from '../session/stream.ts'
import type { Transport, TransportSink } from '../session/transport.ts'
import { closeTimer, printable } from './carrier.ts'

/**
 * Makes a {@link Transport} of a stream of another session, from either side. The stream is the transport's from then on: nobody else
 * may read or write it. The inner session has the credit of that one stream, and ends with it; that the outer one goes on over another
 * connection it does not notice.
 *
 * @example
 * import { connect } from 'braidwire'
 * import { pair } from 'braidwire/test'
 * import { streamTransport } from 'braidwire/transport/stream'
 *
 * const [a, b] = pair()
 * const [inner, other] = await Promise.all([
 *   connect(streamTransport(a.open('inner'))),
 *   b.take('inner').then((stream) => connect(stream)), // the same: connect knows streams
 * ])
 * other.handleCall('echo', (bytes) => bytes)
 * console.log(await inner.call('echo', Uint8Array.of(1, 2, 3))) // Uint8Array(3) [ 1, 2, 3 ]
 * await inner.close()
 * await a.close()
 */
export function streamTransport(stream: Stream): Transport {
  return new StreamTransport(stream)
}

class StreamTransport implements Transport, Receiver {
  readonly remote: string
  readonly confidential: boolean
  readonly #stream: Stream
  #sink: TransportSink | undefined
  /** What is to be told when it has started. */
  #early: (() => void) | undefined
  #paused = false
  #closing = false
  #over = false
  #readDone = false
  #timer: unknown

  constructor(stream: Stream) {
    const { address, confidential } = stream.session.remote
    this.remote = `${address}#${printable(stream.name)}`
    this.confidential = confidential
    this.#stream = stream
  }

  /** Throws TypeError if somebody reads the stream already. */
  start(sink: TransportSink): void {
    const stream = this.#stream
    stream.pause()
    stream.receive(this)
    // Its end may be told at once; a transport says nothing before it has started.
    queueMicrotask(() => {
      this.#sink = sink
      if (this.#early !== undefined) this.#early()
      else if (!this.#paused) stream.resume()
    })
  }

  send(chunks: Uint8Array[]): boolean {
    if (this.#closing || this.#over) return true
    let room = true
    for (const chunk of chunks) room = this.#stream.write(chunk)
    if (!room) this.#whenReady(() => this.#sink?.drained())
    return room
  }

  pause(): void {
    if (this.#closing) return
    this.#paused = true
    this.#stream.pause()
  }

  resume(): void {
    this.#paused = false
    if (this.#sink !== undefined) this.#stream.resume()
  }

  close(): void {
    if (this.#closing || this.#over) return
    this.#closing = true
    this.#timer = closeTimer(() => this.#finish())
    this.#stream.end()
    this.#paused = false
    this.#stream.resume()
    this.#whenReady(() => {
      if (this.#readDone) this.#finish()
    })
  }

  // -- Receiver

  data(bytes: Uint8Array): void {
    if (!this.#closing) this.#sink?.bytes(bytes)
  }

  end(): void {
    this.#readDone = true
    this.#tell(() => {
      if (!this.#closing) this.#finish()
      else this.#whenReady(() => this.#finish())
    })
  }

  failed(error: BraidError): void {
    this.#tell(() => this.#failed(error))
  }

  // -- within

  #tell(news: () => void): void {
    if (this.#sink !== undefined) news()
    // That it is over was settled before.
    else if (!this.#over) this.#early = news
  }

  #whenReady(task: () => void): void {
    this.#stream.ready.then(
      () => {
        if (!this.#over) task()
      },
      (error: BraidError) => this.#failed(error),
    )
  }

  /** To the session within, that its stream failed is that its carrier broke, whatever ended the stream. */
  #failed(cause: BraidError): void {
    this.#finish(this.#closing ? undefined : new Error(cause.message, { cause }))
  }

  #finish(error?: Error): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    // A stream whose other half was read to its end just ends; what was written goes its way.
    if (error === undefined && this.#readDone) this.#stream.end()
    else this.#stream.reset('CANCELLED')
    if (this.#sink === undefined) this.#early = () => this.#sink?.closed(error)
    else this.#sink.closed(error)
  }
}
