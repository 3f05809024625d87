// TLS over TCP: who is trusted, the handshake on either side, and the transport it leads to. Knows certificates and sockets,
// no session.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { isIP, type Server, type ServerOpts, type Socket } from 'node:net'
import {
  connect,
  createSecureContext,
  createServer,
  type SecureContext,
  type TLSSocket,
  type TlsOptions as TlsServerOptions,
} from 'node:tls'
import { BraidError } from '../engine/errors.ts'
import type { Transport } from '../session/transport.ts'
import { type Address, formatAddress, type WebAddress } from './address.ts'
import { fingerprintOf } from './certificate.ts'
import { SecureTransport } from './secure-transport.ts'
import { endsOf, remoteOf } from './sockets.ts'
import { NOT_BRAIDWIRE, tlsError } from './tls-failures.ts'

/** How a listener proves who it is, and whom it takes. PEM throughout. */
export interface TlsOptions {
  /** The certificate of this side, with those between it and its authority. A listener needs one. */
  cert?: string | Uint8Array | undefined
  /** The private key of `cert`, without a passphrase. */
  key?: string | Uint8Array | undefined
  /**
   * Authorities that are trusted. Dialling: in place of those Node knows. Listening: with it every client must show a certificate
   * from one of them, which `authorize` finds in `session.remote.certificate`. Default: those Node knows; clients need none.
   */
  ca?: string | Uint8Array | undefined
}

/** How a dialler proves who it is if asked, and whom it trusts. */
export interface TlsDialOptions extends TlsOptions {
  /** The host the certificate of the listener must be for. Default: that of the address. */
  servername?: string | undefined
  /**
   * SHA-256 of the only certificate that is taken, in hexadecimal with or without colons. Who issued it, for which host and until
   * when does not matter then.
   */
  fingerprint?: string | undefined
}

/** The name of the protocol within TLS (ALPN, RFC 7301). */
const PROTOCOL_NAME = 'braidwire/1'

type TlsAddress = Extract<Address, { kind: 'tls' }>

/** Runs the handshake over a socket that is connected; tells exactly once how it went. Destroying the socket gives it up. */
export type Handshake = (socket: Socket, done: (outcome: Transport | BraidError) => void) => void

/** A connection whose TLS handshake is done. */
export interface Secured {
  readonly socket: TLSSocket
  readonly certificate: X509Certificate | undefined
}

/** What stands over TLS, as its handshake tells (ALPN): the name, and whether nothing being said will do. */
export interface Within {
  readonly name: string
  readonly optional?: boolean
}

/**
 * Prepares TLS with a listener at `address`.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` naming the option that is wrong.
 */
export function clientHandshake(address: TlsAddress, options: TlsDialOptions = {}): Handshake {
  const secure = secureClient(address, options, { name: PROTOCOL_NAME })
  return (socket, done) =>
    secure(socket, (outcome) => {
      if (outcome instanceof BraidError) return done(outcome)
      const transport = new SecureTransport(formatAddress(address), { showsCertificate: options.cert !== undefined })
      transport.secured(outcome.socket, outcome.certificate)
      done(transport)
    })
}

/**
 * The same for whatever stands over TLS.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` naming the option that is wrong.
 */
export function secureClient(
  address: TlsAddress | (WebAddress & { readonly kind: 'wss' }),
  options: TlsDialOptions,
  within: Within,
): (socket: Socket, done: (outcome: Secured | BraidError) => void) => void {
  const pin = parseFingerprint(options)
  const secureContext = contextOf(options)
  const host = options.servername ?? address.host
  return (socket, done) => {
    const secure = connect({
      socket,
      secureContext,
      host,
      // The name of a host is told to the listener, as RFC 6066 wants it; an IP address may not be.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ALPNProtocols: [within.name],
      rejectUnauthorized: pin === undefined,
    })
    finishClient(secure, formatAddress(address), pin, within, done)
  }
}

function finishClient(
  socket: TLSSocket,
  url: string,
  pin: string | undefined,
  within: Within,
  done: (outcome: Secured | BraidError) => void,
): void {
  let over = false
  const refuse = (cause: Error | string): void => {
    if (over) return
    over = true
    socket.destroy()
    done(tlsError(url, cause))
  }
  const ended = () => refuse(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }))
  socket.on('error', refuse)
  socket.once('close', ended)
  socket.once('secureConnect', () => {
    // Asked once: Node has nothing to say the second time.
    const certificate = socket.getPeerX509Certificate()
    const fingerprint = certificate === undefined ? '' : fingerprintOf(certificate)
    if (pin !== undefined && fingerprint !== pin) {
      refuse(
        `it shows the certificate ${fingerprint}, not the one that is pinned: somebody stands in between, or it is new`,
      )
    } else if (socket.alpnProtocol !== within.name && !(within.optional && socket.alpnProtocol === false)) {
      refuse(NOT_BRAIDWIRE)
    } else {
      over = true
      done({ socket, certificate })
      // Whoever took the socket listens for errors from here on.
      socket.removeListener('error', refuse)
      socket.removeListener('close', ended)
    }
  })
}

/**
 * A TCP server whose connections are transports from the moment they are accepted: a handshake that never ends is bounded, in time
 * and in number, by what bounds the HELLO behind it.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` naming the option that is wrong or missing.
 */
export function tlsServer(
  tcp: ServerOpts,
  options: TlsOptions | undefined,
  connected: (transport: Transport) => void,
): Server {
  const server = createServer({ ...tcp, ...serverOptions('tls', options), ALPNProtocols: [PROTOCOL_NAME] })
  // Both ends of one connection tell it from all others of this listener; Node does not say which socket became which.
  const shaking = new Map<string, SecureTransport>()
  server.prependListener('connection', (socket: Socket) => {
    const ends = endsOf(socket)
    const transport = new SecureTransport(`tls://${remoteOf(socket)}`, { raw: socket })
    shaking.set(ends, transport)
    socket.once('close', () => {
      if (shaking.get(ends) === transport) shaking.delete(ends)
    })
    connected(transport)
  })
  server.on('secureConnection', (socket) => {
    const ends = endsOf(socket)
    const transport = shaking.get(ends)
    shaking.delete(ends)
    socket.disableRenegotiation()
    if (transport === undefined || socket.alpnProtocol !== PROTOCOL_NAME) {
      socket.on('error', () => {})
      socket.destroy()
    } else transport.secured(socket, socket.getPeerX509Certificate())
  })
  return server
}

// -- options

/** For a server that speaks TLS: what `tls` says, checked. */
export function serverOptions(scheme: 'tls' | 'wss', options: TlsOptions | undefined): TlsServerOptions {
  if (options?.cert === undefined) throw invalid(`listening on ${scheme}:// takes the options tls.cert and tls.key`)
  const mutual = options.ca !== undefined
  contextOf(options)
  return { ...pick(options), minVersion: 'TLSv1.2', requestCert: mutual, rejectUnauthorized: mutual }
}

function pick({ cert, key, ca }: TlsOptions): { cert?: string | Buffer; key?: string | Buffer; ca?: string | Buffer } {
  const given = Object.entries({ cert, key, ca }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    given.map(([name, value]) => [name, typeof value === 'string' ? value : Buffer.from(value!)]),
  )
}

/** Checks each option by itself, so that the error names it; OpenSSL would say "no start line". */
function contextOf(options: TlsOptions): SecureContext {
  const { cert, key, ca } = pick(options)
  const certificate = cert === undefined ? undefined : readCertificate('tls.cert', cert)
  const privateKey = key === undefined ? undefined : readKey(key)
  if ((certificate === undefined) !== (privateKey === undefined)) throw invalid('tls.cert and tls.key go together')
  if (ca !== undefined) readCertificate('tls.ca', ca)
  if (certificate !== undefined && !certificate.checkPrivateKey(privateKey!)) {
    throw invalid('tls.key is not the key of tls.cert: the first certificate there must be that of this side')
  }
  try {
    return createSecureContext({ ...pick(options), minVersion: 'TLSv1.2' })
  } catch (cause) {
    throw invalid(`the option tls cannot be used: ${(cause as Error).message}`, cause)
  }
}

function readCertificate(option: string, pem: string | Buffer): X509Certificate {
  try {
    if (pem.includes('-----BEGIN')) return new X509Certificate(pem)
  } catch {
    // Said below, without what OpenSSL thinks of it.
  }
  throw invalid(`${option} holds no certificate in PEM`)
}

function readKey(pem: string | Buffer): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    throw invalid('tls.key holds no private key in PEM, or one with a passphrase')
  }
}

function parseFingerprint({ fingerprint, ca }: TlsDialOptions): string | undefined {
  if (fingerprint === undefined) return undefined
  const digits = fingerprint.replaceAll(':', '').toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(digits)) throw invalid('tls.fingerprint takes the 64 hexadecimal digits of a SHA-256')
  if (ca !== undefined) throw invalid('tls.fingerprint trusts one certificate and tls.ca many: give only one of them')
  return digits
}

function invalid(text: string, cause?: unknown): BraidError {
  return new BraidError('INVALID_INPUT', text, { scope: 'transport', cause })
}
