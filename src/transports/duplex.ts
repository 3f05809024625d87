// Anything Node-shaped as a Transport: net and tls sockets, pipes, the two ends of a child's stdio, streamx, bare-tcp.
// Owns how such an object is written to, closed and found dead; names the members it uses, and no platform.

import { NOTHING_KEPT, type Transport, type TransportSink } from '../session/transport.ts'
import { closeTimer, errorOf } from './carrier.ts'
import { plain } from './chunks.ts'
import { Reading, type Turns } from './reading.ts'

/** The reading members of a Node-shaped stream, as far as they are used here. */
export interface ReadableLike {
  on(event: string, listener: (argument: unknown, lender?: unknown) => void): unknown
  pause(): unknown
  resume(): unknown
  destroy(): unknown
  readonly destroyed?: boolean
  readonly readableEnded?: boolean
}

/** The writing members of a Node-shaped stream, as far as they are used here. */
export interface WritableLike {
  on(event: string, listener: (argument: unknown, lender?: unknown) => void): unknown
  write(chunk: Uint8Array): boolean
  /** Called without an argument; streamx declares one. */
  end(last?: undefined): unknown
  destroy(): unknown
  cork?(): unknown
  uncork?(): unknown
  readonly destroyed?: boolean
  /** Bytes written and not yet handed to the operating system; where it is missing, the answer of `write` decides. */
  readonly writableLength?: number
}

/** One object that reads and writes: a `net.Socket`, a streamx `Duplex`. */
export interface DuplexLike extends ReadableLike, WritableLike {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}

/** Two objects that together are one carrier: `{ readable: child.stdout, writable: child.stdin }`. */
export interface DuplexPair {
  readonly readable: ReadableLike
  readonly writable: WritableLike
}

export interface DuplexTransportOptions {
  /** What `transport.remote` says. Default: the address of a socket, else `duplex`. */
  remote?: string | undefined
  /** What `transport.confidential` says. Default: undefined, nothing is known. */
  confidential?: boolean | undefined
  /** Lets reading give way to other work; see {@link Turns}. Default: it reads whatever the carrier delivers, for as long as it does. */
  turns?: Turns | undefined
}

/**
 * Makes a {@link Transport} of anything Node-shaped. The object is the transport's from then on: nobody else may read it,
 * write it or set an encoding. Its end, its failure and its destruction all end the transport.
 *
 * @example
 * import { PassThrough } from 'node:stream'
 * import { connect } from 'braidwire'
 * import { duplexTransport } from 'braidwire/transport/duplex'
 *
 * // two pipes crossed, as between a program and its child
 * const [up, down] = [new PassThrough(), new PassThrough()]
 * const [a, b] = await Promise.all([
 *   connect(duplexTransport({ readable: down, writable: up }, { remote: 'child' })),
 *   connect(duplexTransport({ readable: up, writable: down })),
 * ])
 * b.handleCall('echo', (bytes) => bytes)
 * console.log(await a.call('echo', Uint8Array.of(1, 2, 3)))
 * await a.close()
 */
export function duplexTransport(duplex: DuplexLike | DuplexPair, options: DuplexTransportOptions = {}): Transport {
  if (isPair(duplex)) return new DuplexTransport(duplex.readable, duplex.writable, 'duplex', options)
  return new DuplexTransport(duplex, duplex, addressOf(duplex), options)
}

/** Node's own streams have a boolean named `readable`; a pair has an object there. */
function isPair(duplex: DuplexLike | DuplexPair): duplex is DuplexPair {
  return 'readable' in duplex && typeof duplex.readable === 'object'
}

function addressOf(duplex: DuplexLike): string {
  const { remoteAddress: host, remotePort: port } = duplex
  if (host === undefined || port === undefined) return 'duplex'
  return `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Whose memory a chunk is in, where somebody cares: it wants it back as soon as nobody needs it. */
interface Lender {
  giveBack(): void
}

/** A carrier may tell anything behind a chunk: the address it came from, say. */
function isLender(told: unknown): told is Lender {
  return typeof (told as Partial<Lender> | null | undefined)?.giveBack === 'function'
}

class DuplexTransport implements Transport {
  readonly remote: string
  readonly confidential: boolean | undefined
  readonly #readable: ReadableLike
  readonly #writable: WritableLike
  #sink: TransportSink | undefined
  #failure: Error | undefined
  /** `send` answered false: one `drained` is owed. Node also emits 'drain' when nobody was told to wait. */
  #full = false
  /** Whether the writable says how much waits in it, as far as it is known. */
  #counts: boolean | undefined
  #sent = false
  #closing = false
  #over = false
  #readDone = false
  #writeDone = false
  #timer: unknown
  readonly #reading: Reading

  constructor(readable: ReadableLike, writable: WritableLike, remote: string, options: DuplexTransportOptions) {
    this.#readable = readable
    this.#writable = writable
    this.remote = options.remote ?? remote
    this.confidential = options.confidential
    this.#reading = new Reading(readable, options.turns)
    // From the first moment to long after the end: a late EPIPE or ECONNRESET must find a listener.
    const failed = (error: unknown) => this.#failed(error)
    readable.on('error', failed)
    if (!Object.is(readable, writable)) writable.on('error', failed)
  }

  start(sink: TransportSink): void {
    this.#sink = sink
    const readable = this.#readable
    const writable = this.#writable
    readable.on('data', (chunk, lender) => this.#received(chunk, lender))
    readable.on('end', () => this.#readEnded())
    readable.on('close', () => this.#readEnded())
    writable.on('drain', () => this.#drained())
    writable.on('finish', () => this.#writeEnded())
    writable.on('close', () => {
      // A destroyed writable half ends a carrier that is in use as surely as an end of the readable one.
      if (this.#closing) this.#writeEnded()
      else this.#finish()
    })
    if (this.#failure !== undefined || readable.destroyed || writable.destroyed || readable.readableEnded) {
      queueMicrotask(() => this.#finish(this.#failure))
    } else {
      readable.resume()
    }
  }

  send(chunks: Uint8Array[]): boolean {
    if (this.#closing || this.#over) return true
    this.#sent = true
    const writable = this.#writable
    let room = true
    if (chunks.length === 1 && this.#counts !== undefined) {
      room = writable.write(chunks[0]!)
    } else {
      writable.cork?.()
      for (const chunk of chunks) room = writable.write(chunk)
      // What is corked waits. Where nothing is said to, as of the pipes to other programs in Bun, the length says nothing.
      this.#counts ??= (writable.writableLength ?? 0) > 0
      writable.uncork?.()
    }
    // A socket mostly writes at once: then `write` said "full" about bytes that are already gone.
    this.#full = !room && !(this.#counts && writable.writableLength === 0) && !this.#over
    return !this.#full
  }

  pause(): void {
    if (!this.#closing) this.#reading.pause()
  }

  resume(): void {
    this.#reading.resume()
  }

  close(): void {
    if (this.#closing || this.#over) return
    this.#closing = true
    if (!this.#sent) {
      // Nothing to hand over: a stranger on the port is not waited for.
      this.#finish()
      return
    }
    this.#timer = closeTimer(() => this.#finish())
    this.#writable.end()
    // Reading on until the other side ends too: closing over unread bytes would make TCP take back our own last ones.
    this.#reading.resume()
  }

  #received(chunk: unknown, lender: unknown): void {
    if (this.#closing || this.#over) return
    if (!(chunk instanceof Uint8Array)) {
      this.#finish(new TypeError('the duplex delivers text or objects, not bytes: it must not have an encoding'))
    } else if (this.#reading.deliver(plain(chunk), this.#sink!) === NOTHING_KEPT && isLender(lender)) lender.giveBack()
  }

  #drained(): void {
    if (!this.#full || this.#over) return
    this.#full = false
    this.#sink!.drained()
  }

  #readEnded(): void {
    this.#readDone = true
    if (!this.#closing || this.#writeDone) this.#finish()
  }

  #writeEnded(): void {
    this.#writeDone = true
    if (this.#closing && this.#readDone) this.#finish()
  }

  #failed(cause: unknown): void {
    const error = errorOf(cause)
    this.#failure ??= error
    // Once we are closing ourselves, how the rest of it fails is nobody's concern.
    if (this.#sink !== undefined) this.#finish(this.#closing ? undefined : error)
  }

  #finish(error?: Error): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    this.#readable.destroy()
    if (!Object.is(this.#readable, this.#writable)) this.#writable.destroy()
    this.#sink?.closed(error)
  }
}
