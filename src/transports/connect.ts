// connect and listen where there is no Node: over a transport, or anything that can be made one, that the caller holds, or by dialling the
// address of a WebSocket.

import { BraidError } from '../engine/errors.ts'
import { quiet } from '../session/deferred.ts'
import { type Listener, type ListenOptions, LiveListener } from '../session/listener.ts'
import { parseSessionOptions, type SessionOptions } from '../session/options.ts'
import type { Dial } from '../session/redial.ts'
import type { Session } from '../session/session.ts'
import { connectSession } from '../session/start.ts'
import type { Stream } from '../session/stream.ts'
import type { Transport } from '../session/transport.ts'
import { type DataChannelLike, dataChannel, type NativeDataChannelLike } from './data-channel.ts'
import type { DialOptions } from './dialling.ts'
import { type DuplexLike, type DuplexPair, duplexTransport } from './duplex.ts'
import { messagePort, type PortLike } from './message-port.ts'
import { isDataChannel, isPort, isWebSocket } from './recognise.ts'
import { streamTransport } from './stream.ts'
import { type WebStreamPair, webStreamsTransport } from './web-streams.ts'
import { type WebSocketLike, webSocketTransport } from './websocket.ts'
import { dialWebSocket } from './websocket-dial.ts'

/** What a session can run over. */
export type Carrier =
  | Transport
  | DuplexLike
  | DuplexPair
  | WebStreamPair
  | WebSocketLike
  | PortLike
  | DataChannelLike
  | NativeDataChannelLike
  | Stream

/** Options of `connect`: those of the session, how long to dial, and how it gets another transport. */
export interface ConnectOptions extends SessionOptions, Pick<DialOptions, 'dialTimeoutMs'> {
  /**
   * Dial again when the transport is lost, and go on with the session: nothing is lost or doubled, if the other side keeps sessions
   * (`resume` of `listen`). For a target that is no address: how to get another transport. Default: the session ends with its transport.
   */
  reconnect?: boolean | Dial | undefined
}

/**
 * Starts a session over a transport, a Node-shaped duplex, a WebSocket, a pair of Web streams or a stream of another session, or dials
 * `ws://` or `wss://` with the runtime's WebSocket, as the side that speaks first. Resolves when both sides have said what they accept.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` for an address that cannot be dialled here or an option out of its bounds,
 * `BRAID_UNREACHABLE` naming the address; whatever ended the session before it was ready; `BRAID_CANCELLED` when `options.signal`
 * aborts.
 *
 * @example
 * import { connect } from 'braidwire'
 * import { memory } from 'braidwire/transport/memory'
 * const [left, right] = memory()
 * const [a, b] = await Promise.all([connect(left), connect(right)])
 * b.handleCall('size', (bytes) => Uint8Array.of(bytes.length))
 * console.log(await a.call('size', new Uint8Array(7))) // Uint8Array(1) [ 7 ]
 * await a.close()
 */
export function connect(target: string | Carrier, options: ConnectOptions = {}): Promise<Session> {
  return quiet(begin(target, options))
}

async function begin(target: string | Carrier, options: ConnectOptions): Promise<Session> {
  if (typeof target !== 'string') return connectSession(transportOf(target), options, 'dialer', redialOf(options))
  // A wrong option, and that there is no place, is told before anybody is dialled.
  const full = parseSessionOptions(options).budget.refuses()
  if (full !== undefined) throw full
  const again: Dial = (signal) => dialWebSocket(target, { ...options, signal })
  const redial = options.reconnect === true ? again : redialOf(options)
  return connectSession(await dialWebSocket(target, options), options, 'dialer', redial)
}

/** How to get another transport, where somebody said so. */
export function redialOf({ reconnect }: { reconnect?: boolean | Dial | undefined }): Dial | undefined {
  if (reconnect === true) {
    throw new BraidError(
      'INVALID_INPUT',
      'option reconnect takes a function that dials, where the target is no address',
    )
  }
  return reconnect === false ? undefined : carried(reconnect)
}

/** The same, if there is one, with what it resolves to looked at: what is no carrier counts as a dial that failed. */
export function carried(dial: Dial | undefined): Dial | undefined {
  return dial && (async (signal) => transportOf(await dial(signal)))
}

/**
 * Takes the other side of `connect` over transports, or what `connect` takes, that somebody else accepted.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` for an option out of its bounds.
 *
 * @example
 * import { connect, listen } from 'braidwire'
 * import { memory } from 'braidwire/transport/memory'
 * const [left, right] = memory()
 * const listener = await listen(right, (session) => {
 *   session.handleCall('twice', (bytes) => Uint8Array.of(bytes[0] * 2))
 * })
 * const session = await connect(left)
 * console.log(await session.call('twice', Uint8Array.of(21))) // Uint8Array(1) [ 42 ]
 * await listener.close()
 */
export function listen(
  target: Carrier | readonly Carrier[],
  onSession: (session: Session) => unknown,
  options: ListenOptions = {},
): Promise<Listener> {
  return quiet(take(target, onSession, options))
}

async function take(
  target: Carrier | readonly Carrier[],
  onSession: (session: Session) => unknown,
  options: ListenOptions,
): Promise<Listener> {
  const transports = targetsOf(target).map(transportOf)
  const listener = new LiveListener(onSession, options)
  for (const transport of transports) {
    listener.add({ url: transport.remote, close: () => {} })
    const failed = listener.accept(transport)
    if (failed === undefined) continue
    await listener.close()
    throw failed
  }
  return listener
}

/** One target or several; none is a mistake. */
export function targetsOf<T>(target: T | readonly T[]): readonly T[] {
  const targets = Array.isArray(target) ? (target as readonly T[]) : [target as T]
  if (targets.length === 0) throw new TypeError('there is no target to listen on')
  return targets
}

/** Whatever can carry a session, as a transport. */
export function transportOf(target: Carrier): Transport {
  if (typeof target === 'object' && target !== null) {
    if (has(target, 'start') && has(target, 'send')) return target as Transport
    if (isWebSocket(target)) return webSocketTransport(target)
    if (isDataChannel(target)) return dataChannel(target)
    if (isPort(target)) return messagePort(target)
    if (has(target, 'write') && has(target, 'receive')) return streamTransport(target as Stream)
    if (has(target, 'write') && has(target, 'on')) return duplexTransport(target as DuplexLike)
    const { readable, writable } = target as { readable?: unknown; writable?: unknown }
    if (has(readable, 'on') && has(writable, 'write')) return duplexTransport(target as DuplexPair)
    if (has(readable, 'getReader') && has(writable, 'getWriter')) return webStreamsTransport(target as WebStreamPair)
  }
  throw new TypeError(
    'a session runs over a transport, a duplex, a WebSocket, a pair of Web streams, a stream, a port, a worker or a data channel',
  )
}

function has(object: unknown, method: string): boolean {
  return typeof (object as Record<string, unknown> | null | undefined)?.[method] === 'function'
}
