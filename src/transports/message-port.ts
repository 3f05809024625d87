// Ports as a Transport: a MessagePort, a Worker and what is inside it, of the web and of node:worker_threads. Owns what the two
// ends say to each other besides bytes: that they are there, how much they have taken, that they end. Names no platform.

import { bytesIn, isBytes } from '../session/bytes.ts'
import type { Transport, TransportSink } from '../session/transport.ts'
import { closeTimer } from './carrier.ts'
import { plain } from './chunks.ts'
import { Held } from './held.ts'

/**
 * What carries messages to one other thread or window, as far as it is used here: a `MessagePort`, a `Worker`, the global scope of a
 * dedicated worker, or `parentPort` of `node:worker_threads`. A `BroadcastChannel` has many ends and cannot carry a session.
 */
export interface PortLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): unknown
  on?(event: string, listener: (argument: unknown) => void): unknown
  off?(event: string, listener: (argument: unknown) => void): unknown
  addEventListener?(event: string, listener: (event: unknown) => void): void
  removeEventListener?(event: string, listener: (event: unknown) => void): void
  /** Ports have it, workers do not. */
  start?(): unknown
  close?(): unknown
  /** Workers have it, ports do not. */
  terminate?(): unknown
}

export interface MessagePortOptions {
  /**
   * Chunks that are the whole of their ArrayBuffer go to the other side without a copy, where one frame takes them whole: write pieces
   * of 64 KiB (or 32, or 16). An array given to `write` has length 0 afterwards, so it can be written only once. Not together with
   * `reconnect`, which has to send chunks again. Default false: each byte is copied once.
   */
  transfer?: boolean | undefined
}

// What the ends say besides bytes (a Uint8Array, or several in an array) and how much they have taken of them (a number).
const OPEN = 'braidwire/1 open'
const OPENED = 'braidwire/1 opened'
const CLOSE = 'braidwire/1 close'

/**
 * What may be on its way before `send` says full, and how much of it the other side takes in before it says so. A port takes whatever
 * it is given, so without this a thread that is busy would be sent all that the windows of the session allow, formed too early to be
 * overtaken by anything urgent, and nobody would notice that it has stopped.
 */
const FULL_BYTES = 1024 * 1024
const TAKEN_BYTES = FULL_BYTES / 4
/** What is kept for a session that is paused; who sends more does not count what was taken. */
const HELD_BYTES = 2 * FULL_BYTES
/** What a message takes in the queue of a port besides its bytes. */
const MESSAGE_BYTES = 256
/** Below this cloning costs no more than giving the buffer away (measured: equal at 4 KiB, 1.2 times at 16 KiB). */
const TRANSFER_BYTES_MIN = 16 * 1024

/**
 * Makes a {@link Transport} of a port or a worker. It is the transport's from then on: a message of anybody else ends it with an error.
 * A `MessagePort` is closed at the end; a worker is left running, and in Node it ends by itself when nothing else keeps it.
 *
 * Both ends may start at any time: the first one waits. That a web worker was terminated is told by nothing but its silence
 * (`idleTimeoutMs`), so close the session before; in Node `exit` tells.
 *
 * @example
 * import { connect } from 'braidwire'
 * import { messagePort } from 'braidwire/transport/message-port'
 *
 * const { port1, port2 } = new MessageChannel()
 * const [a, b] = await Promise.all([connect(messagePort(port1)), connect(messagePort(port2))])
 * b.handleCall('echo', (bytes) => bytes)
 * console.log(await a.call('echo', Uint8Array.of(1, 2))) // Uint8Array(2) [ 1, 2 ]
 * await a.close()
 */
export function messagePort(port: PortLike, options: MessagePortOptions = {}): Transport {
  return new MessagePortTransport(port, options)
}

class MessagePortTransport implements Transport {
  readonly remote: string
  readonly confidential = true
  readonly #port: PortLike
  readonly #transfer: boolean
  #sink: TransportSink | undefined
  #unlisten: (() => void)[] = []
  /** The other end has started. */
  #there = false
  /** What was sent before that. */
  #early: Uint8Array[] = []
  /** Sent, and not taken yet by the other side. */
  #inFlight = 0
  #full = false
  /** Taken, and not yet told. */
  #taken = 0
  readonly #held = new Held()
  #heldBytes = 0
  #closing = false
  #saidClose = false
  /** The other side has ended, and what came before that is still held. */
  #gone = false
  #over = false
  #timer: unknown

  constructor(port: PortLike, options: MessagePortOptions) {
    this.#port = port
    this.#transfer = options.transfer === true
    this.remote = typeof port.start === 'function' ? 'port' : 'worker'
  }

  start(sink: TransportSink): void {
    this.#sink = sink
    this.#on('message', (message) => this.#received(message))
    this.#on('messageerror', () => this.#finish(new Error('a message could not be read')))
    this.#on('error', (cause) => this.#failed(cause))
    this.#on('close', () => this.#ended(new Error('the other end of the port is gone')))
    this.#on('exit', (code) => this.#ended(new Error(`the worker has ended, exit code ${code}`)))
    this.#port.start?.()
    this.#port.postMessage(OPEN, [])
  }

  send(chunks: Uint8Array[]): boolean {
    if (this.#closing || this.#over) return true
    if (this.#there) this.#post(chunks)
    else {
      this.#early.push(...chunks)
      this.#inFlight += bytesIn(chunks)
    }
    this.#full = this.#inFlight >= FULL_BYTES
    return !this.#full
  }

  pause(): void {
    if (!this.#closing) this.#held.paused = true
  }

  resume(): void {
    this.#held.resume()
  }

  close(): void {
    if (this.#closing || this.#over) return
    this.#closing = true
    this.#held.drop()
    // Whoever has not even started, or is gone, is not waited for.
    if (!this.#there || this.#gone) {
      this.#finish()
      return
    }
    this.#timer = closeTimer(() => this.#finish())
    this.#sayClose()
  }

  /** Node's emitters give what was sent, the web's targets an event with it. */
  #on(event: string, listener: (argument: unknown) => void): void {
    const port = this.#port
    if (typeof port.on === 'function') {
      port.on(event, listener)
      this.#unlisten.push(() => port.off?.(event, listener))
    } else {
      const heard = (told: unknown) => listener(event === 'message' ? (told as { data: unknown }).data : told)
      port.addEventListener?.(event, heard)
      this.#unlisten.push(() => port.removeEventListener?.(event, heard))
    }
  }

  /**
   * One message for one flush, its buffer given away: that is one copy, where cloning takes two, and a clone of a view would take the
   * whole buffer along. Measured in Node 20, MiB/s of flushes of 4 x 64 KiB and their headers between two threads: gathered and
   * transferred 2391, gathered and cloned 2035, cloned piece by piece 2381, payloads transferred without any copy 4035. So the copy
   * is spared only where somebody said that he does not need the bytes any more.
   */
  #post(chunks: readonly Uint8Array[]): void {
    const pieces: Uint8Array[] = []
    const own: Uint8Array[] = []
    for (const chunk of chunks) {
      if (!this.#transfer || !isWhole(chunk)) own.push(chunk)
      else pieces.push(...gathered(own.splice(0)), chunk)
    }
    pieces.push(...gathered(own))
    this.#inFlight += MESSAGE_BYTES + bytesIn(pieces)
    // Headers between payloads are a few bytes: those are cheaper to clone.
    const buffers = pieces
      .filter(({ length }) => length >= TRANSFER_BYTES_MIN)
      .map(({ buffer }) => buffer as ArrayBuffer)
    this.#port.postMessage(pieces.length === 1 ? pieces[0] : pieces, buffers)
  }

  #received(message: unknown): void {
    if (this.#over) return
    if ((message === OPEN && !this.#there) || message === OPENED) this.#opened(message)
    else if (isBytes(message)) this.#takeIn(message instanceof Uint8Array ? [message] : message)
    else if (typeof message === 'number') this.#acknowledged(message)
    else if (message !== CLOSE) this.#finish(foreign(message))
    else if (this.#there) this.#ended()
  }

  #opened(message: string): void {
    // The first one said so to nobody, perhaps.
    if (message === OPEN) this.#port.postMessage(OPENED, [])
    if (this.#there || this.#closing) return
    this.#there = true
    const early = this.#early
    this.#early = []
    this.#inFlight = 0
    if (early.length > 0) this.#post(early)
    this.#makeRoom()
  }

  #takeIn(chunks: readonly Uint8Array[]): void {
    // What comes before the other end has started is of a session that was here before; so are a number and CLOSE.
    if (this.#closing || !this.#there) return
    this.#taken += MESSAGE_BYTES
    this.#deliver(chunks)
  }

  /** What is told as taken is what somebody has read: who does not read is not sent more than fills the port. */
  #deliver(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) {
      if (this.#over || this.#closing) return
      if (this.#held.paused) this.#hold(chunk)
      else {
        this.#taken += chunk.length
        this.#sink!.bytes(plain(chunk))
      }
    }
    if (this.#taken < TAKEN_BYTES || this.#over) return
    this.#port.postMessage(this.#taken, [])
    this.#taken = 0
  }

  #hold(chunk: Uint8Array): void {
    const bytes = chunk.length + MESSAGE_BYTES
    this.#heldBytes += bytes
    if (this.#heldBytes > HELD_BYTES) {
      this.#finish(new Error('more came over the port than it may before any of it is taken'))
      return
    }
    this.#held.pass(() => {
      this.#heldBytes -= bytes
      this.#deliver([chunk])
    })
  }

  #acknowledged(bytes: number): void {
    if (!this.#there) return
    this.#inFlight -= bytes
    if (!(bytes > 0 && this.#inFlight >= 0)) this.#finish(foreign(bytes))
    else this.#makeRoom()
  }

  #makeRoom(): void {
    if (!this.#full || this.#inFlight > FULL_BYTES / 2) return
    this.#full = false
    this.#sink!.drained()
  }

  /** A worker of Node is dead then. One of the web lives on after an error that nobody caught, unless it never began. */
  #failed(cause: unknown): void {
    const lives = this.#there && typeof this.#port.on !== 'function'
    if (lives) return
    const { message } = cause as { message?: unknown }
    this.#finish(
      cause instanceof Error
        ? cause
        : new Error(typeof message === 'string' ? message : 'the worker could not be started'),
    )
  }

  /** The other side is at its end: what has come before that is delivered first. */
  #ended(error?: Error): void {
    this.#gone = true
    this.#held.pass(() => this.#finish(error))
  }

  #finish(error?: Error): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    for (const unlisten of this.#unlisten) unlisten()
    this.#held.drop()
    this.#early = []
    this.#sayClose()
    if (typeof this.#port.start === 'function') this.#port.close?.()
    this.#sink?.closed(this.#closing ? undefined : error)
  }

  /** Said once by each side, also after a failure. The second one says that nothing is under way any more. */
  #sayClose(): void {
    if (this.#saidClose) return
    this.#saidClose = true
    this.#port.postMessage(CLOSE, [])
  }
}

/** A chunk that can be given away: nothing else is in its memory. */
function isWhole(chunk: Uint8Array): boolean {
  const { buffer, length } = chunk
  return length >= TRANSFER_BYTES_MIN && length === buffer.byteLength && buffer instanceof ArrayBuffer
}

/** The chunks in one piece of memory that nobody else holds; nothing if there are none. */
function gathered(chunks: readonly Uint8Array[]): Uint8Array[] {
  if (chunks.length === 0) return []
  const whole = new Uint8Array(bytesIn(chunks))
  let end = 0
  for (const chunk of chunks) {
    whole.set(chunk, end)
    end += chunk.length
  }
  return [whole]
}

function foreign(message: unknown): Error {
  const what =
    message === OPEN ? 'the start of another session' : `a message that is not Braidwire's (${kindOf(message)})`
  return new TypeError(`${what} came over the port: what else the two sides say to each other needs a port of its own`)
}

function kindOf(message: unknown): string {
  return message === null ? 'null' : Array.isArray(message) ? 'an array' : `of type ${typeof message}`
}
