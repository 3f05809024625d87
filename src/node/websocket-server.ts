// The listening side of WebSockets in Node: a server of our own, or a path of an HTTP server that is there. Decides about requests for an
// upgrade, and says no in HTTP; the upgrade itself is that of the package `ws`. Knows transports, no session.

import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Server, ServerOpts, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { WebSocketServer } from 'ws'
import type { Transport } from '../session/transport.ts'
import { webSocketTransport } from '../transports/websocket.ts'
import { MESSAGE_BYTES_MAX, SUBPROTOCOL } from '../transports/websocket-close.ts'
import type { WebAddress } from './address.ts'
import { LateTransport } from './late-transport.ts'
import type { AcceptOptions } from './net.ts'
import { type OriginRule, originRule } from './origins.ts'
import { endsOf, remoteOf, staysHere } from './sockets.ts'
import { serverOptions } from './tls.ts'
import { turns } from './turns.ts'

/** How long who was refused may take to read it, in ms. */
const REFUSED_MS = 2000

/** Makes WebSockets of requests, for all listeners: it has no state. */
const upgrades = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: MESSAGE_BYTES_MAX,
  handleProtocols: () => SUBPROTOCOL,
})
upgrades.on('wsClientError', (error, socket) => refuse(socket as Socket, 400, error.message))

/**
 * A server whose connections are transports from the moment they are accepted: one that never asks for an upgrade is bounded, in time and
 * in number, by what bounds the HELLO behind it. Any other request is for `requests`, or told what this is (426).
 *
 * @throws BraidError `BRAID_INVALID_INPUT` naming the option that is wrong or missing.
 */
export function webSocketServer(
  address: WebAddress,
  tcp: ServerOpts,
  { tls, origins, requests = upgradeRequired }: AcceptOptions,
  connected: (transport: Transport) => void,
): Server {
  const rule = originRule(origins)
  const server =
    address.kind === 'ws'
      ? createServer(tcp, requests)
      : createSecureServer({ ...tcp, ...serverOptions('wss', tls) }, requests)
  // Both ends of a connection tell it: with TLS, Node does not say which socket became which.
  const shaking = new Map<string, LateTransport>()
  server.prependListener('connection', (raw: Socket) => {
    const ends = endsOf(raw)
    const confidential = address.kind === 'wss' || staysHere(raw)
    const late = new LateTransport(`${address.kind}://${remoteOf(raw)}`, { raw, confidential })
    shaking.set(ends, late)
    raw.once('close', () => {
      if (shaking.get(ends) === late) shaking.delete(ends)
    })
    connected(late)
  })
  server.on('secureConnection', (socket: TLSSocket) => {
    // Not there on such a socket of Bun.
    socket.disableRenegotiation?.()
  })
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const late = shaking.get(endsOf(socket))
    if (late === undefined || late.givenUp) return socket.destroy()
    if (pathOf(request) !== address.path) return refuse(socket, 404, 'no Braidwire is at this path')
    const refusal = refusalOf(request, rule)
    if (refusal !== undefined) return refuse(socket, ...refusal)
    begin(late, request, socket, head)
  })
  return server
}

/**
 * Decides about one request for an upgrade at an HTTP server that somebody else owns. Whoever bounds connections is asked before the
 * upgrade: who finds no place is told so in HTTP.
 */
export function takeUpgrade(
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  rule: OriginRule,
  connected: (transport: Transport) => void,
): void {
  const refusal = refusalOf(request, rule)
  if (refusal !== undefined) return refuse(socket, ...refusal)
  const secure = 'encrypted' in socket
  // The request is answered in any case, so giving up has nothing to do.
  const init = { raw: socket, confidential: secure || staysHere(socket), giveUp: () => {} }
  const late = new LateTransport(`${secure ? 'wss' : 'ws'}://${remoteOf(socket)}`, init)
  connected(late)
  if (late.givenUp) refuse(socket, 503, 'too many connections are shaking hands: try again later')
  else begin(late, request, socket, head)
}

/** What was asked for, without the query. */
export function pathOf({ url = '' }: IncomingMessage): string {
  return url.replace(/\?.*$/s, '')
}

/** Says no in HTTP, and waits a while that it is read. */
export function refuse(socket: Socket, status: number, sentence: string): void {
  const body = `${sentence}\n`
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.on('error', () => {})
  const timer = setTimeout(() => socket.destroy(), REFUSED_MS).unref()
  socket.once('close', () => clearTimeout(timer))
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.resume()
}

function begin(late: LateTransport, request: IncomingMessage, socket: Socket, head: Buffer): void {
  upgrades.handleUpgrade(request, socket, head, (webSocket) => {
    const { remote, confidential } = late
    late.begin(webSocketTransport(webSocket, { remote, confidential, turns }), certificateOf(socket))
  })
}

/** Of a client that TLS has verified. */
function certificateOf(socket: Socket | TLSSocket): unknown {
  return 'authorized' in socket && socket.authorized ? socket.getPeerX509Certificate() : undefined
}

/** Why a request may not become a WebSocket of ours. */
function refusalOf({ headers }: IncomingMessage, rule: OriginRule): [status: number, sentence: string] | undefined {
  const { origin, host, 'sec-websocket-protocol': protocols = '' } = headers
  if (!rule(origin, host)) {
    return [403, 'pages of this origin may not connect here: the listener has to name it (option origins)']
  }
  if (protocols.split(',').some((protocol) => protocol.trim() === SUBPROTOCOL)) return undefined
  return [400, `this is Braidwire: ask for the subprotocol "${SUBPROTOCOL}"`]
}

function upgradeRequired(_request: IncomingMessage, response: ServerResponse): void {
  const headers = { Connection: 'close, Upgrade', Upgrade: 'websocket', 'Content-Type': 'text/plain; charset=utf-8' }
  response.writeHead(426, headers)
  response.end(`this is Braidwire: connect with a WebSocket and the subprotocol "${SUBPROTOCOL}"\n`)
}
