// WebSockets as a Transport: the one every browser, Deno, Bun and Node have, and the sockets of the package `ws`. Owns how bytes are
// cut into messages, when writing has to wait, and what each way of ending means. Names the members it uses, and no platform.

import { type Clock, systemClock } from '../session/clock.ts'
import type { Transport, TransportSink } from '../session/transport.ts'
import { joined, plain } from './chunks.ts'
import { type Pausable, Reading, type Turns } from './reading.ts'
import { CLOSE, closeError, explained, SUBPROTOCOL } from './websocket-close.ts'

/** The members of a WebSocket (WHATWG) that are used here. */
export interface WebSocketLike {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number
  /** Bytes given to `send` and not yet handed to the network. */
  readonly bufferedAmount: number
  /** The subprotocol that was agreed on, or ''. */
  readonly protocol: string
  readonly url?: string
  binaryType: string
  send(data: Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'open' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void
}

/** What a socket of `ws` has besides. */
interface WsLike extends Omit<WebSocketLike, 'send'> {
  send(data: Uint8Array, sent?: () => void): void
  on(event: string, listener: (...values: never[]) => void): unknown
  pause(): void
  resume(): void
  terminate(): void
}

export interface WebSocketTransportOptions {
  /** What `transport.remote` says. Default: the socket's `url` without its query, else `websocket`. */
  remote?: string | undefined
  /** What `transport.confidential` says. Default: true where `url` is `wss:` or this machine's own, else nothing is known. */
  confidential?: boolean | undefined
  /** What `transport.certificate` says. Default: nothing. */
  certificate?: unknown
  /** Lets reading give way to other work, where the socket can be paused. Default: it reads whatever is delivered. */
  turns?: Turns | undefined
  /** Where time comes from. Default: the runtime's clock. */
  clock?: Clock | undefined
}

/** No message is larger, though this side takes larger ones: what stands in between may have limits of its own. Twice this gains 3 %. */
const MESSAGE_BYTES = 64 * 1024

/** Buffered bytes from which a socket is full that tells when they have gone. */
const FULL_BYTES = 16 * 1024
/** And one that has to be asked: enough to be sent until it is. */
const FULL_BYTES_ASKED = 256 * 1024
/** A full socket is asked after so many ms, and then half as often each time, until something has moved. */
const ASK_MS = 4
const ASK_MS_MAX = 64

/** Nobody in between can read these: TLS, or addresses of this machine alone. */
const PRIVATE = /^(wss:|ws:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])[:/])/

/** How long `close` waits, in ms, for the last bytes to leave and for the other side to close as well. */
const CLOSE_MS = 2000

/**
 * Makes a {@link Transport} of a WebSocket, on either side: a global `WebSocket`, one that a server of Deno or Bun accepted, or a socket of
 * `ws`; open, or still connecting. It is the transport's from then on: nobody else may send, listen to messages or change
 * `binaryType`. Messages are binary, carry bytes of the session in order and may be cut anywhere; a text message, and a subprotocol
 * other than `braidwire`, end the transport with an error.
 *
 * The platform's WebSocket cannot be paused: `pause` does nothing there, and the session's credit alone bounds what arrives.
 *
 * @example
 * import { createServer } from 'node:http'
 * import { connect, listen } from 'braidwire'
 * import { webSocketTransport } from 'braidwire/transport/websocket'
 * import { WebSocket, WebSocketServer } from 'ws'
 *
 * const server = createServer().listen(0, '127.0.0.1')
 * const sockets = new WebSocketServer({ server, perMessageDeflate: false })
 * sockets.on('connection', (socket) => {
 *   listen(webSocketTransport(socket), (session) => session.handleCall('echo', (bytes) => bytes))
 * })
 * await new Promise((resolve) => server.once('listening', resolve))
 * const session = await connect(new WebSocket(`ws://127.0.0.1:${server.address().port}`, 'braidwire'))
 * console.log(await session.call('echo', Uint8Array.of(1, 2, 3))) // Uint8Array(3) [ 1, 2, 3 ]
 * await session.close()
 * server.close()
 */
export function webSocketTransport(socket: WebSocketLike, options: WebSocketTransportOptions = {}): Transport {
  return new WebSocketTransport(socket, options)
}

class WebSocketTransport implements Transport {
  readonly remote: string
  readonly confidential: boolean | undefined
  readonly certificate: unknown
  readonly #socket: WebSocketLike
  /** The same, if it is one of `ws`. */
  readonly #ws: WsLike | undefined
  readonly #reading: Reading | undefined
  readonly #clock: Clock
  #sink: TransportSink | undefined
  /** Sent while it was still connecting. */
  #early: Uint8Array[] = []
  /** Received before the start. */
  #arrived: Uint8Array[] = []
  /** What goes wrong; the end follows. */
  #failure: Error | undefined
  /** `send` answered false: one `drained` is owed. */
  #full = false
  #closing = false
  #over = false
  /** What the end was, for a sink that comes later. */
  #end: Error | undefined
  #timer: unknown
  #asking: unknown
  #askMs = ASK_MS
  /** When it was last asked. */
  #buffered = 0

  constructor(socket: WebSocketLike, options: WebSocketTransportOptions) {
    const { url = '' } = socket
    this.remote = options.remote ?? (url === '' ? 'websocket' : url.replace(/[?#].*$/s, ''))
    this.confidential = options.confidential ?? (PRIVATE.test(url) || undefined)
    this.certificate = options.certificate
    this.#clock = options.clock ?? systemClock
    this.#socket = socket
    this.#ws = isWs(socket) ? socket : undefined
    if (this.#ws === undefined) {
      socket.binaryType = 'arraybuffer'
      socket.addEventListener('open', () => this.#opened())
      socket.addEventListener('message', ({ data }) => this.#received(data, typeof data !== 'string'))
      socket.addEventListener('close', ({ code, reason }) => this.#closed(code, reason))
      // It says no more than that there is one.
      socket.addEventListener('error', () => {})
    } else {
      // Views of what was read, where a message lies within one read; an ArrayBuffer would be a copy.
      socket.binaryType = 'nodebuffer'
      this.#reading = new Reading(holdable(this.#ws), options.turns)
      this.#ws.on('open', () => this.#opened())
      this.#ws.on('message', (data: unknown, binary: boolean) => this.#received(data, binary))
      this.#ws.on('close', (code: number, reason: unknown) => this.#closed(code, String(reason)))
      // Also long after the end: one that nobody hears would end the program.
      this.#ws.on('error', (error: Error) => this.#failed(explained(error)))
    }
    if (socket.readyState === 1) this.#opened()
  }

  start(sink: TransportSink): void {
    if (this.#over || this.#arrived.length > 0) {
      queueMicrotask(() => this.#catchUp(sink))
      return
    }
    this.#sink = sink
    if (this.#socket.readyState > 1 && !this.#closing) queueMicrotask(() => this.#finish(this.#failure))
  }

  send(chunks: Uint8Array[]): boolean {
    if (this.#closing || this.#over) return true
    if (this.#socket.readyState === 0) {
      this.#early.push(...chunks)
      this.#full = true
      return false
    }
    this.#sendMessages(chunks)
    const buffered = this.#socket.bufferedAmount
    this.#full = buffered >= (this.#ws === undefined ? FULL_BYTES_ASKED : FULL_BYTES)
    if (this.#full && this.#ws === undefined) this.#ask(buffered)
    return !this.#full
  }

  pause(): void {
    if (!this.#closing) this.#reading?.pause()
  }

  resume(): void {
    this.#reading?.resume()
  }

  close(): void {
    if (this.#closing || this.#over) return
    this.#closing = true
    if (this.#socket.readyState === 0) {
      this.#finish()
      return
    }
    this.#timer = this.#clock.set(() => this.#finish(), CLOSE_MS, true)
    this.#reading?.resume()
    this.#socket.close(CLOSE.normal)
  }

  // -- sending

  #sendMessages(chunks: readonly Uint8Array[]): void {
    for (const chunk of joined(chunks)) {
      if (chunk.length <= MESSAGE_BYTES) this.#sendMessage(chunk)
      else
        for (let at = 0; at < chunk.length; at += MESSAGE_BYTES)
          this.#sendMessage(chunk.subarray(at, at + MESSAGE_BYTES))
    }
  }

  #sendMessage(message: Uint8Array): void {
    if (this.#ws === undefined) this.#socket.send(owned(message))
    else this.#ws.send(message, this.#gone)
  }

  /** One of `ws` has handed a message to the system, and all before it. */
  readonly #gone = (): void => {
    if (this.#full && !this.#over && this.#socket.bufferedAmount < FULL_BYTES) this.#drained()
  }

  /**
   * No event of the platform tells that buffered bytes have left, so a full socket is asked from time to time; and whenever something
   * arrives, because what has left makes the peer acknowledge it.
   */
  #ask(buffered: number): void {
    this.#buffered = buffered
    this.#asking ??= this.#clock.set(
      () => {
        this.#asking = undefined
        this.#look()
      },
      this.#askMs,
      true,
    )
  }

  #look(): void {
    if (!this.#full || this.#over || this.#ws !== undefined || this.#socket.readyState !== 1) return
    const buffered = this.#socket.bufferedAmount
    const moved = buffered < this.#buffered
    this.#askMs = moved ? ASK_MS : Math.min(2 * this.#askMs, ASK_MS_MAX)
    if (buffered < FULL_BYTES_ASKED / 2) this.#drained()
    else this.#ask(buffered)
  }

  #drained(): void {
    // It is owed until there is somebody to tell.
    this.#full = this.#sink === undefined
    this.#sink?.drained()
  }

  // -- what the socket says

  #opened(): void {
    const { protocol } = this.#socket
    if (protocol !== '' && protocol !== SUBPROTOCOL) {
      this.#refuse(
        CLOSE.protocol,
        `the subprotocol of the WebSocket is ${JSON.stringify(protocol)}, not "${SUBPROTOCOL}"`,
        `the subprotocol is not "${SUBPROTOCOL}"`,
      )
      return
    }
    const early = this.#early
    if (early.length === 0 || this.#over) return
    this.#early = []
    if (this.send(early)) this.#drained()
  }

  /** Tells what has happened before the start, and what happens while it is told. */
  #catchUp(sink: TransportSink): void {
    for (const bytes of this.#arrived) if (!this.#closing) sink.bytes(bytes)
    this.#arrived = []
    this.#sink = sink
    if (this.#over) sink.closed(this.#end)
    else if (this.#full && this.#socket.bufferedAmount < FULL_BYTES) this.#drained()
  }

  #received(data: unknown, binary: boolean): void {
    if (this.#closing || this.#over) return
    if (!binary || !(data instanceof Uint8Array || data instanceof ArrayBuffer)) {
      this.#refuse(CLOSE.unsupported, 'it sent a text message, which is not Braidwire: all messages are binary')
      return
    }
    const bytes = data instanceof Uint8Array ? plain(data) : new Uint8Array(data)
    if (bytes.length === 0) return
    if (this.#sink === undefined) this.#arrived.push(bytes)
    else if (this.#reading === undefined) this.#sink.bytes(bytes)
    else this.#reading.deliver(bytes, this.#sink)
    this.#look()
  }

  /** The other side does not speak as it must: tells it so, in the 123 bytes there are (RFC 6455, section 5.5), and ends. */
  #refuse(code: number, why: string, reason = why): void {
    if (this.#closing || this.#over) return
    this.#failed(new Error(why))
    this.#socket.close(code, reason)
  }

  #failed(error: Error): void {
    if (this.#closing || this.#over) return
    this.#closing = true
    this.#failure = error
    // The end follows, unless the other side has gone without a word.
    this.#timer = this.#clock.set(() => this.#finish(error), CLOSE_MS, true)
    this.#reading?.resume()
  }

  #closed(code: number, reason: string): void {
    this.#finish(this.#failure ?? (this.#closing ? undefined : closeError(code, reason)))
  }

  #finish(error?: Error): void {
    if (this.#over) return
    this.#over = true
    this.#end = error
    this.#clock.clear(this.#timer)
    this.#clock.clear(this.#asking)
    this.#early = []
    if (this.#ws !== undefined) this.#ws.terminate()
    else if (this.#socket.readyState < 2) this.#socket.close(CLOSE.normal)
    this.#sink?.closed(error)
  }
}

/** Memory that is shared with another thread is nothing the platform sends. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice()
}

/** A socket of `ws` cannot be paused before it is open, and throws when it is resumed without ever having been. */
function holdable(ws: WsLike): Pausable {
  let held = false
  let opened = ws.readyState === 1
  ws.on('open', () => {
    opened = true
    if (held) ws.pause()
  })
  const pause = (): void => {
    held = true
    ws.pause()
  }
  const resume = (): void => {
    held = false
    if (opened) ws.resume()
  }
  return { pause, resume }
}

function isWs(socket: WebSocketLike | WsLike): socket is WsLike {
  const { on, terminate, pause } = socket as Partial<WsLike>
  return typeof on === 'function' && typeof terminate === 'function' && typeof pause === 'function'
}
