// LateTransport: a transport that is there before its handshake is done - TLS, the upgrade to a WebSocket - so that whoever bounds
// connections bounds handshakes too. Knows no handshake.

import type { Socket } from 'node:net'
import type { Transport, TransportSink } from '../session/transport.ts'

/** What is known before the handshake. */
export interface LateInit {
  readonly confidential: boolean
  /** The socket the handshake runs on, where it is not done yet. */
  readonly raw?: Socket
  /** How to give up before it is done. Default: the socket is destroyed. */
  readonly giveUp?: () => void
}

export class LateTransport implements Transport, TransportSink {
  readonly remote: string
  readonly confidential: boolean
  readonly #raw: Socket | undefined
  readonly #giveUp: (() => void) | undefined
  #certificate: unknown
  #inner: Transport | undefined
  #sink: TransportSink | undefined
  #paused = false
  /** Sent before the handshake was done. */
  readonly #early: Uint8Array[] = []
  #over = false
  /** Nobody waits for the handshake any more. */
  givenUp = false
  /** Something came. */
  protected heard = false

  constructor(remote: string, { confidential, raw, giveUp }: LateInit) {
    this.remote = remote
    this.confidential = confidential
    this.#raw = raw
    this.#giveUp = giveUp
    // An error comes before the end, which says enough of a stranger; unheard it would end the process.
    raw?.on('error', () => {})
    raw?.once('close', () => {
      // From the handshake on, the end is that of the transport within.
      if (this.#inner === undefined) this.closed()
    })
  }

  get certificate(): unknown {
    return this.#certificate
  }

  /** The handshake is done: the bytes are those of this transport. */
  begin(inner: Transport, certificate?: unknown): void {
    this.#certificate = certificate
    this.#inner = inner
    if (this.#sink !== undefined) this.#start(inner)
  }

  start(sink: TransportSink): void {
    this.#sink = sink
    if (this.#inner !== undefined) this.#start(this.#inner)
    else if (this.#raw?.destroyed) queueMicrotask(() => this.closed())
  }

  /** Before the handshake is done nobody could read it: then it waits. */
  send(chunks: Uint8Array[]): boolean {
    if (this.#inner !== undefined) return this.#inner.send(chunks)
    if (this.#over) return true
    this.#early.push(...chunks)
    return false
  }

  pause(): void {
    this.#paused = true
    this.#inner?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#inner?.resume()
  }

  close(): void {
    if (this.#inner !== undefined) return this.#inner.close()
    this.givenUp = true
    if (this.#giveUp !== undefined) this.#giveUp()
    else this.#raw?.destroy()
  }

  // -- TransportSink of the transport within

  bytes(chunk: Uint8Array): void {
    this.heard = true
    this.#sink?.bytes(chunk)
  }

  drained(): void {
    this.#sink?.drained()
  }

  closed(error?: Error): void {
    if (this.#over) return
    this.#over = true
    this.#sink?.closed(this.explain(error))
  }

  /** What the end is called, where more is known of it. */
  protected explain(error: Error | undefined): Error | undefined {
    return error
  }

  #start(inner: Transport): void {
    inner.start(this)
    if (this.#paused) inner.pause()
    const early = this.#early.splice(0)
    if (early.length > 0 && inner.send(early)) this.#sink!.drained()
  }
}
