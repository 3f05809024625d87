// connect and listen by address: the two functions most programs need. Puts sockets and sessions together, no more.

import type { Server as HttpServer, RequestListener } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import { BraidError } from '../engine/errors.ts'
import { quiet } from '../session/deferred.ts'
import { type Listener, LiveListener, type ListenOptions as SessionListenOptions } from '../session/listener.ts'
import { parseSessionOptions, type SessionOptions } from '../session/options.ts'
import type { Dial } from '../session/redial.ts'
import type { Session } from '../session/session.ts'
import { connectSession } from '../session/start.ts'
import type { Transport } from '../session/transport.ts'
import { type Carrier, redialOf, targetsOf, transportOf } from '../transports/connect.ts'
import { isWeb, parseAddress } from './address.ts'
import { accept, checkTls, type DialOptions, dial } from './net.ts'
import { type ChildLike, childTransport, isChild, STDIO, stdioTransport } from './stdio.ts'
import type { TlsOptions } from './tls.ts'

/**
 * `tcp://host:port`, `tls://host:port`, `ws://host:port/path`, `wss://host:port/path`, `unix:/path`, `stdio:` (stdin and stdout of this
 * process), or what the caller holds: a child process with pipes, a transport, a Node-shaped duplex, a WebSocket, a pair of Web streams, a
 * port or worker, a data channel, a stream of another session.
 */
export type Target = string | Carrier | ChildLike

/** A path of an HTTP or HTTPS server that is there, at which WebSockets are taken. The server stays its owner's. */
export interface WebSocketMount {
  readonly server: HttpServer | HttpsServer
  /** Default `/`. */
  readonly path?: string | undefined
}

/** Options of `connect`: those of the session, how long to dial, and whom to trust. */
export interface ConnectOptions extends SessionOptions, Pick<DialOptions, 'dialTimeoutMs' | 'tls'> {
  /**
   * Dial again when the transport is lost, and go on with the session: nothing is lost or doubled, if the listener keeps sessions
   * (`resume`). For a target that is no address: how to get another transport. Default false: the session ends.
   */
  reconnect?: boolean | Dial | undefined
}

/** Options of `listen`: those of every session, what the listener decides, and its certificate. */
export interface ListenOptions extends SessionListenOptions {
  /** Certificate, key and whose clients are taken; for `tls://` and `wss://` addresses, which need it. */
  tls?: TlsOptions | undefined
  /**
   * The web pages whose browsers may connect over WebSockets, by origin: `https://example.org`; `*` for all. Whoever is no browser
   * names no origin and may. Default: the pages of the host that is dialled.
   */
  origins?: readonly string[] | undefined
  /**
   * Answers what else is asked at `ws://` and `wss://` addresses over HTTP: a web page on the port of its WebSocket. Such a connection
   * counts as one that shakes hands, in time too (`helloTimeoutMs`). Default: 426, and a sentence that says what this is.
   */
  requests?: RequestListener | undefined
}

/**
 * Dials an address, or takes what carries bytes already (see {@link Target}), and starts a session over it. Resolves when both sides
 * have said what they accept.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` for an address that is none or an option out of its bounds, `BRAID_UNREACHABLE`
 * naming the address, `BRAID_TLS` saying what was refused, `BRAID_DENIED` when a WebSocket was, `BRAID_EXHAUSTED` when either side's Budget has no place, `BRAID_CANCELLED` when `options.signal` aborts, or whatever ended the session before it was ready.
 *
 * @example
 * import { connect, listen } from 'braidwire'
 * const listener = await listen('tcp://127.0.0.1:0', (session) => {
 *   session.handleCall('hello', (name) => new TextEncoder().encode(`hello ${new TextDecoder().decode(name)}`))
 * })
 * const session = await connect(listener.url)
 * const answer = await session.call('hello', new TextEncoder().encode('world'))
 * console.log(new TextDecoder().decode(answer)) // 'hello world'
 * await session.close()
 * await listener.close()
 */
export function connect(target: Target, options: ConnectOptions = {}): Promise<Session> {
  return quiet(begin(target, options))
}

async function begin(target: Target, options: ConnectOptions): Promise<Session> {
  // A wrong option, and that there is no place, is told before anybody is dialled.
  const full = parseSessionOptions(options).budget.refuses()
  if (full !== undefined) throw full
  if (typeof target !== 'string' || target === STDIO) {
    checkTls([], options.tls)
    // Looked at before stdio is taken for good.
    const redial = redialOf(options)
    return connectSession(held(target), options, 'dialer', redial)
  }
  const address = parseAddress(target)
  const again: Dial = (signal) => dial(address, { ...options, signal })
  const { reconnect } = options
  const redial = reconnect === true ? again : redialOf(options)
  return connectSession(await dial(address, options), options, 'dialer', redial)
}

/** What needs no dialling, as a transport. */
function held(target: Carrier | ChildLike | typeof STDIO): Transport {
  if (target === STDIO) return stdioTransport()
  return isChild(target) ? childTransport(target) : transportOf(target)
}

/**
 * Listens on one address or several, at a path of an HTTP server, or over what carries bytes already, and gives each
 * session to `onSession` before anything the other side sent is dispatched.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` for an address that is none or an option out of its bounds, `BRAID_ADDRESS` naming
 * the address that cannot be listened on.
 *
 * @example
 * import { connect, listen } from 'braidwire'
 * const listener = await listen(['tcp://127.0.0.1:0', 'tcp://[::1]:0'], (session) => {
 *   session.handle('echo', async (stream) => {
 *     for await (const chunk of stream) if (!stream.write(chunk)) await stream.ready
 *     stream.end()
 *   })
 * }).catch(() => listen('tcp://127.0.0.1:0', () => {})) // a machine without IPv6
 * console.log(listener.urls) // [ 'tcp://127.0.0.1:37115', 'tcp://[::1]:41063' ]
 * const session = await connect(listener.url)
 * console.log(await listener.drain(1000)) // { streams: 0, calls: 0 }
 * await session.closed
 */
export function listen(
  target: ListenTarget | readonly ListenTarget[],
  onSession: (session: Session) => unknown,
  options: ListenOptions = {},
): Promise<Listener> {
  return quiet(take(target, onSession, options))
}

async function take(
  target: ListenTarget | readonly ListenTarget[],
  onSession: (session: Session) => unknown,
  options: ListenOptions,
): Promise<Listener> {
  const targets = targetsOf(target).map((each) => {
    if (typeof each === 'string') return each === STDIO ? new Stdio() : parseAddress(each)
    return typeof each === 'object' && isMount(each) ? each : held(each)
  })
  const { tls, origins, requests, ...rest } = options
  const addresses = targets.filter((each) => 'kind' in each)
  checkTls(addresses, tls)
  if (origins !== undefined && !addresses.some(isWeb) && !targets.some(isMount)) {
    throw new BraidError('INVALID_INPUT', 'the option origins is for listening with WebSockets')
  }
  if (requests !== undefined && !addresses.some(isWeb)) {
    throw new BraidError('INVALID_INPUT', 'the option requests is for addresses that begin with ws:// or wss://')
  }
  const listener = new LiveListener(onSession, rest)
  const connected = (transport: Transport) => listener.accept(transport)
  try {
    for (const each of targets) {
      if ('kind' in each) listener.add(await accept(each, connected, { tls, origins, requests }))
      else if (isMount(each)) {
        const { mount } = await import('./websocket-mount.ts')
        listener.add(mount(each.server, each.path ?? '/', origins, connected))
      } else {
        const transport = each instanceof Stdio ? stdioTransport() : each
        listener.add({ url: transport.remote, close: () => {} })
        const failed = listener.accept(transport)
        if (failed !== undefined) throw failed
      }
    }
    if (options.signal?.aborted) throw new BraidError('CANCELLED', 'listening was given up', { scope: 'transport' })
    return listener
  } catch (error) {
    await listener.close()
    throw error
  }
}

/** Stdio among the targets, not taken yet: that is for good, and so comes after all that is looked at. */
class Stdio {
  readonly target = STDIO
}

/** What `listen` takes. */
type ListenTarget = Target | WebSocketMount

function isMount(target: object): target is WebSocketMount {
  return 'server' in target && !('start' in target)
}
