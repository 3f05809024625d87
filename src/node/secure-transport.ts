// SecureTransport: a transport that is there before its TLS handshake is done, so that whoever bounds connections bounds
// handshakes too; and that explains an end which is the other side's refusal. Knows sockets, no certificates' rules.

import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { BraidError } from '../engine/errors.ts'
import type { Transport, TransportSink } from '../session/transport.ts'
import { duplexTransport } from '../transports/duplex.ts'
import { isAlert, tlsError } from './tls-failures.ts'
import { turns } from './turns.ts'

/** What is known before the handshake. */
export interface SecureTransportInit {
  /** The socket the handshake runs on, where it is not done yet. */
  readonly raw?: Socket
  /** Whether this side, the dialler, has shown a certificate that may be refused. Undefined: it is the listener. */
  readonly showsCertificate?: boolean
}

export class SecureTransport implements Transport, TransportSink {
  readonly remote: string
  readonly confidential = true
  readonly #raw: Socket | undefined
  readonly #showsCertificate: boolean | undefined
  #certificate: X509Certificate | undefined
  #inner: Transport | undefined
  #sink: TransportSink | undefined
  #paused = false
  /** Sent before the handshake was done. */
  readonly #early: Uint8Array[] = []
  #heard = false
  #over = false

  constructor(remote: string, { raw, showsCertificate }: SecureTransportInit) {
    this.remote = remote
    this.#raw = raw
    this.#showsCertificate = showsCertificate
    // An error comes before the end, which says enough of a stranger; unheard it would end the process.
    raw?.on('error', () => {})
    raw?.once('close', () => {
      // From the handshake on, the end is that of the secure socket.
      if (this.#inner === undefined) this.closed()
    })
  }

  get certificate(): X509Certificate | undefined {
    return this.#certificate
  }

  /** The handshake is done: the bytes are those of this socket. */
  secured(socket: TLSSocket, certificate: X509Certificate | undefined): void {
    this.#certificate = certificate
    this.#inner = duplexTransport(socket, { remote: this.remote, turns })
    if (this.#sink !== undefined) this.#begin()
  }

  start(sink: TransportSink): void {
    this.#sink = sink
    if (this.#inner !== undefined) this.#begin()
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
    if (this.#inner !== undefined) this.#inner.close()
    else this.#raw?.destroy()
  }

  // -- TransportSink of the socket within

  bytes(chunk: Uint8Array): void {
    this.#heard = true
    this.#sink?.bytes(chunk)
  }

  drained(): void {
    this.#sink?.drained()
  }

  closed(error?: Error): void {
    if (this.#over) return
    this.#over = true
    this.#sink?.closed(this.#explain(error))
  }

  #begin(): void {
    this.#inner!.start(this)
    if (this.#paused) this.#inner!.pause()
    const early = this.#early.splice(0)
    if (early.length > 0 && this.#inner!.send(early)) this.#sink!.drained()
  }

  /**
   * In TLS 1.3 the dialler is done before the listener has looked at its certificate: a refusal comes as an alert on a connection that
   * seemed to stand, or as its end.
   */
  #explain(error: Error | undefined): Error | undefined {
    if (this.#showsCertificate === undefined || this.#heard) return error
    if (isAlert(error)) return tlsError(this.remote, error)
    if (!this.#showsCertificate) return error
    const text = `${this.remote} hung up after the TLS handshake without a word: perhaps it does not accept the certificate of this side`
    return new BraidError('TLS', text, { scope: 'transport', initiator: 'remote', executed: 'maybe', cause: error })
  }
}
