// The dialling side of WebSockets in Node: the upgrade over a socket that is connected, with the package `ws`, and what each way of
// being refused is called. Always `ws`, never the global WebSocket: that one takes no certificates, does not say why it failed and
// cannot be paused. Knows no session.

import type { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import { BraidError } from '../engine/errors.ts'
import type { Transport } from '../session/transport.ts'
import { errorOf } from '../transports/carrier.ts'
import { transportScope } from '../transports/dialling.ts'
import { webSocketTransport } from '../transports/websocket.ts'
import { MESSAGE_BYTES_MAX, SUBPROTOCOL } from '../transports/websocket-close.ts'
import { formatAddress, type WebAddress } from './address.ts'
import { staysHere } from './sockets.ts'
import { type Handshake, secureClient, type TlsDialOptions } from './tls.ts'
import { isAlert, tlsError } from './tls-failures.ts'
import { turns } from './turns.ts'

/** Of the answer of who refuses. */
const SENTENCE_BYTES_MAX = 300

/**
 * Prepares the upgrade at `address`, with TLS before it for `wss:`.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` naming the option of TLS that is wrong.
 */
export function webSocketHandshake(address: WebAddress, options?: TlsDialOptions): Handshake {
  if (address.kind === 'ws') {
    return (socket, done) => upgrade(address, { socket, confidential: staysHere(socket) }, done)
  }
  const secure = secureClient({ ...address, kind: 'wss' }, options ?? {}, { name: 'http/1.1', optional: true })
  return (raw, done) =>
    secure(raw, (outcome) => {
      if (outcome instanceof BraidError) done(outcome)
      else upgrade(address, { ...outcome, confidential: true }, done)
    })
}

/** A socket that is ready for the upgrade. */
interface Ready {
  readonly socket: Socket
  readonly confidential: boolean
  readonly certificate?: X509Certificate | undefined
}

function upgrade(address: WebAddress, ready: Ready, done: (outcome: Transport | BraidError) => void): void {
  const url = formatAddress(address)
  const failed = (error: Error) => done(failure(url, error))
  const { socket, confidential, certificate } = ready
  // What nobody else hears: an error of the socket between two owners.
  socket.on('error', () => {})
  let webSocket: WebSocket
  try {
    webSocket = new WebSocket(asked(address), SUBPROTOCOL, {
      createConnection: () => socket,
      perMessageDeflate: false,
      maxPayload: MESSAGE_BYTES_MAX,
      ...(confidential ? { generateMask: noMask } : {}),
    })
  } catch (thrown) {
    failed(errorOf(thrown))
    return
  }
  webSocket.once('open', () => {
    done(webSocketTransport(webSocket, { remote: url, confidential, certificate, turns }))
    webSocket.removeListener('error', failed)
  })
  webSocket.on('error', failed)
  webSocket.once('unexpected-response', (_request, response: IncomingMessage) => {
    void sentenceOf(response).then((sentence) => done(refusal(url, response.statusCode ?? 0, sentence)))
  })
}

/** The URL of the request. The zone of an address concerns this machine alone, and a URL has no place for it (WHATWG URL, 3.5). */
function asked(address: WebAddress): string {
  const { path, query } = address
  const url = formatAddress({ ...address, host: address.host.replace(/%.*$/, '') })
  return `${url}${path === '/' ? '/' : ''}${query}`
}

/**
 * Masks keep bytes that somebody else chose from being taken for HTTP by what stands in between (RFC 6455, section 10.3). Where nothing
 * does - TLS, this machine alone - the mask is zero, which costs nothing: on Node 20 any other is most of what a WebSocket costs.
 */
function noMask(mask: Buffer): void {
  mask.fill(0)
}

/** What whoever refused says, if it is text. */
async function sentenceOf(response: IncomingMessage): Promise<string> {
  if (!/^text\/plain\b/.test(response.headers['content-type'] ?? '')) return ''
  let text = ''
  try {
    for await (const chunk of response) {
      text += String(chunk)
      if (text.length >= SENTENCE_BYTES_MAX) break
    }
  } catch {
    // Then it is what came.
  }
  return text
    .slice(0, SENTENCE_BYTES_MAX)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
}

function refusal(url: string, status: number, sentence: string): BraidError {
  const said = sentence === '' ? '' : `: ${sentence}`
  if (status === 401 || status === 403) {
    const text = `${url} refuses this side with HTTP ${status}${said}`
    return new BraidError('DENIED', text, { ...transportScope, initiator: 'remote', executed: 'no', reason: sentence })
  }
  const why = said === '' ? ': perhaps no Braidwire is at that path' : said
  return unreachable(url, `it answers with HTTP ${status}${why}`)
}

function failure(url: string, error: Error): BraidError {
  const { code = '', message } = error as Error & { code?: string }
  if (isAlert(error)) return tlsError(url, error)
  if (code.startsWith('HPE_')) return unreachable(url, `nobody speaks HTTP there: check the port (${code})`, error)
  if (code === 'ECONNRESET') return unreachable(url, `it hung up in the handshake (${code})`, error)
  if (!/subprotocol/i.test(message)) return unreachable(url, message, error)
  return unreachable(url, `it takes WebSockets, but not Braidwire (the subprotocol ${SUBPROTOCOL}): check the path`)
}

function unreachable(url: string, why: string, cause?: Error): BraidError {
  return new BraidError('UNREACHABLE', `cannot reach ${url}: ${why}`, { ...transportScope, cause })
}
