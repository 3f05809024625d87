// SecureTransport: a transport over TLS, there before the handshake is done, that explains an end which is the other side's refusal.
// Knows sockets, no certificates' rules.

import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { BraidError } from '../engine/errors.ts'
import { duplexTransport } from '../transports/duplex.ts'
import { LateTransport } from './late-transport.ts'
import { isAlert, tlsError } from './tls-failures.ts'
import { turns } from './turns.ts'

/** What is known before the handshake. */
export interface SecureTransportInit {
  /** The socket the handshake runs on, where it is not done yet. */
  readonly raw?: Socket
  /** Whether this side, the dialler, has shown a certificate that may be refused. Undefined: it is the listener. */
  readonly showsCertificate?: boolean
}

export class SecureTransport extends LateTransport {
  readonly #showsCertificate: boolean | undefined

  constructor(remote: string, { raw, showsCertificate }: SecureTransportInit) {
    super(remote, { confidential: true, ...(raw === undefined ? {} : { raw }) })
    this.#showsCertificate = showsCertificate
  }

  /** The handshake is done: the bytes are those of this socket. */
  secured(socket: TLSSocket, certificate: X509Certificate | undefined): void {
    this.begin(duplexTransport(socket, { remote: this.remote, turns }), certificate)
  }

  /**
   * In TLS 1.3 the dialler is done before the listener has looked at its certificate: a refusal comes as an alert on a connection that
   * seemed to stand, or as its end.
   */
  protected override explain(error: Error | undefined): Error | undefined {
    if (this.#showsCertificate === undefined || this.heard) return error
    if (isAlert(error)) return tlsError(this.remote, error)
    if (!this.#showsCertificate) return error
    const text = `${this.remote} hung up after the TLS handshake without a word: perhaps it does not accept the certificate of this side`
    return new BraidError('TLS', text, { scope: 'transport', initiator: 'remote', executed: 'maybe', cause: error })
  }
}
