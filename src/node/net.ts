// TCP and Unix sockets, with or without TLS and WebSockets: dialling one and listening for many, with errors that say what to do. Knows sockets and
// transports; what a session is, it does not know.

import { lookup } from 'node:dns/promises'
import { lstat, rename, rm } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import {
  type AddressInfo,
  connect,
  createServer,
  type NetConnectOpts,
  type Server,
  type ServerOpts,
  type Socket,
} from 'node:net'
import { dirname, join } from 'node:path'
import { BraidError } from '../engine/errors.ts'
import type { Transport } from '../session/transport.ts'
import { type DialOptions as AnyDialOptions, attempt, checkDial, transportScope } from '../transports/dialling.ts'
import { duplexTransport } from '../transports/duplex.ts'
import { type Address, formatAddress, isWeb, type WebAddress } from './address.ts'
import { keepHeapTop } from './heap-top.ts'
import { Slabs } from './slabs.ts'
import { staysHere } from './sockets.ts'
import { clientHandshake, type Handshake, type TlsDialOptions, type TlsOptions, tlsServer } from './tls.ts'
import { tlsError } from './tls-failures.ts'
import { turns } from './turns.ts'

/** How to dial an address. */
export interface DialOptions extends AnyDialOptions {
  /** Whom to trust and what to show; for `tls://` and `wss://` addresses, and no others. Default: the authorities Node knows. */
  tls?: TlsDialOptions | undefined
}

/** A dead machine is noticed within a minute or so, though nothing is sent: the kernel asks it from time to time. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 30_000 } as const

/** Connections the kernel holds while the program is busy. */
const BACKLOG = 1024

/**
 * Dials a TCP or Unix socket, and shakes hands for TLS and WebSockets.
 *
 * @throws BraidError `BRAID_UNREACHABLE` naming the address, `BRAID_TLS` saying what was refused, `BRAID_DENIED` when a WebSocket is, or
 * `BRAID_CANCELLED` when the signal aborts.
 */
export async function dial(address: Address, options: DialOptions = {}): Promise<Transport> {
  checkDial(options)
  checkTls([address], options.tls)
  const handshake = isWeb(address) ? await webHandshake(address, options.tls) : tlsHandshake(address, options.tls)
  const url = formatAddress(address)
  if (address.kind !== 'unix' && address.port === 0) {
    throw new BraidError('INVALID_INPUT', `cannot dial ${url}: nobody listens on port 0`)
  }
  keepHeapTop()
  return attempt(url, options, (settle) => {
    const socket = handshake === undefined ? dialled(address) : connect(socketOptions(address))
    let connected = false
    const failed = (cause: Error) => settle(unreachable(url, cause))
    socket.on('error', failed)
    socket.once('connect', () => {
      connected = true
      if (handshake !== undefined) return handshake(socket, settle)
      settle(duplexTransport(socket, { remote: url, confidential: isPrivate(address, socket), turns }))
      // The transport listens for errors from here on.
      socket.removeListener('error', failed)
    })
    return {
      // A listener stays: destroying a socket that is still connecting can fail once more.
      giveUp: () => socket.destroy(),
      ...(handshake === undefined ? {} : { tooLate: (ms) => tooLate(address, ms, connected) }),
    }
  })
}

function tlsHandshake(address: Address, tls: TlsDialOptions | undefined): Handshake | undefined {
  return address.kind === 'tls' ? clientHandshake(address, tls) : undefined
}

/** Loaded for those who need it: HTTP takes longer to load than all of Braidwire. */
async function webHandshake(address: WebAddress, tls: TlsDialOptions | undefined): Promise<Handshake> {
  const { webSocketHandshake } = await import('./websocket-client.ts')
  return webSocketHandshake(address, tls)
}

/** Certificates given for an address without TLS are a mistake, and what was to be secret would travel in the open. */
export function checkTls(addresses: readonly { readonly kind: string }[], tls: object | undefined): void {
  if (tls === undefined || addresses.some(({ kind }) => kind === 'tls' || kind === 'wss')) return
  throw new BraidError(
    'INVALID_INPUT',
    'the option tls is for addresses that begin with tls:// or wss://',
    transportScope,
  )
}

function tooLate(address: Address, ms: number, connected: boolean): BraidError {
  const url = formatAddress(address)
  if (connected && address.kind === 'tls') {
    return tlsError(url, `the handshake did not end within ${ms} ms: perhaps nobody speaks TLS there`)
  }
  const why = connected ? `no end of the handshake within ${ms} ms` : `no answer within ${ms} ms`
  return new BraidError('UNREACHABLE', `cannot reach ${url}: ${why}`, transportScope)
}

/**
 * A socket that reads into slabs, and hands out what it reads as every socket does. It is paused, so that nothing is read before
 * anybody listens.
 */
function dialled(address: Address): Socket {
  const slabs = new Slabs()
  const callback = (bytes: number): boolean => socket.emit('data', slabs.take(bytes), slabs)
  const socket = connect({ ...socketOptions(address), onread: { buffer: () => slabs.room(), callback } })
  return socket.pause()
}

function socketOptions(address: Address): NetConnectOpts {
  if (address.kind === 'unix') return { path: address.path }
  return { host: address.host, port: address.port, noDelay: true, ...KEEP_ALIVE }
}

function isPrivate({ kind }: Address, socket: Socket): boolean {
  return kind === 'unix' || staysHere(socket)
}

const dialFailures: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOENT: 'there is no such socket',
  ENOTSOCK: 'that is not a socket',
  ENOTFOUND: 'the host is unknown',
  EAI_AGAIN: 'the host name could not be looked up',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  EACCES: 'no permission',
  EPERM: 'no permission',
  ECONNRESET: 'the connection was reset at once',
}

function unreachable(url: string, cause: Error): BraidError {
  return new BraidError('UNREACHABLE', `cannot reach ${url}: ${explain(cause, dialFailures)}`, {
    ...transportScope,
    cause,
  })
}

/** How addresses are listened on that are more than sockets. */
export interface AcceptOptions {
  /** Certificate, key and whose clients are taken; for `tls://` and `wss://`. */
  tls?: TlsOptions | undefined
  /** Of which pages browsers may come; for `ws://` and `wss://`. Default: those of the host that is dialled. */
  origins?: readonly string[] | undefined
  /** Answers requests that ask for no WebSocket, at `ws://` and `wss://`. Default: 426. */
  requests?: RequestListener | undefined
}

/** One listening socket. */
export interface Acceptor {
  /** Where it listens, with the real port. */
  readonly url: string
  /** Stops accepting; a Unix socket's file goes with it. Resolves when the connections accepted before have gone too. */
  close(): Promise<void>
}

/**
 * Listens on a TCP or Unix socket and hands each connection over as a transport, with TLS and WebSockets before the handshake. A Unix socket file that nobody answers
 * at is replaced; one that somebody answers at, or a file that is no socket, is left alone.
 *
 * @throws BraidError `BRAID_ADDRESS` naming the address and why it cannot be listened on, `BRAID_INVALID_INPUT` for wrong
 * options of TLS.
 */
export async function accept(
  address: Address,
  connected: (transport: Transport) => void,
  options: AcceptOptions = {},
): Promise<Acceptor> {
  keepHeapTop()
  const server = await serverOf(address, connected, options)
  try {
    return acceptor(address, await bind(address, server()))
  } catch (cause) {
    if (address.kind === 'unix' && codeOf(cause) === 'EADDRINUSE') {
      await removeStale(address.path)
      return acceptor(address, await bind(address, server()).catch((again) => Promise.reject(taken(address, again))))
    }
    if (cause instanceof BraidError) throw cause
    throw taken(address, (await absence(address, cause)) ?? cause)
  }
}

/**
 * What tells better why an address cannot be listened on. A Unix socket whose folder is missing is denied by Node, as Windows would;
 * the folder itself knows. Bun has no code for a host it cannot look up; a look-up has.
 */
async function absence(address: Address, cause: unknown): Promise<unknown> {
  const code = codeOf(cause)
  let question: Promise<unknown> | undefined
  if (address.kind !== 'unix') question = code === '' ? lookup(address.host) : undefined
  else if (code === 'EACCES') question = lstat(dirname(address.path))
  return question?.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** What makes a server that listens there; a second one, if the first could not. */
async function serverOf(
  address: Address,
  connected: (transport: Transport) => void,
  options: AcceptOptions,
): Promise<() => Server> {
  const tcp = address.kind === 'unix' ? {} : { noDelay: true, ...KEEP_ALIVE }
  if (address.kind === 'tls') return () => tlsServer(tcp, options.tls, connected)
  if (!isWeb(address)) return () => socketServer(address, tcp, connected)
  const { webSocketServer } = await import('./websocket-server.ts')
  return () => webSocketServer(address, tcp, options, connected)
}

function socketServer(address: Address, tcp: ServerOpts, connected: (transport: Transport) => void): Server {
  const server = createServer(tcp)
  let accepted = 0
  server.on('connection', (socket: Socket) => {
    accepted++
    const remote = address.kind === 'unix' ? `${formatAddress(address)}#${accepted}` : undefined
    connected(duplexTransport(socket, { remote, confidential: isPrivate(address, socket), turns }))
  })
  return server
}

function bind(address: Address, server: Server): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const where = address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }
    server.listen({ ...where, backlog: BACKLOG }, () => {
      server.removeListener('error', reject)
      // What fails later is one connection that could not be accepted (too many open files): the next may do better.
      server.on('error', () => {})
      resolve(server)
    })
  })
}

function acceptor(address: Address, server: Server): Acceptor {
  const real = server.address() as AddressInfo | string
  const url = formatAddress(
    address.kind === 'unix' || typeof real === 'string' ? address : { ...address, host: real.address, port: real.port },
  )
  return { url, close: () => new Promise((resolve) => server.close(() => resolve())) }
}

/** Removes the socket file of a program that is gone. Whatever else is found at the path stays, and the caller's error says so. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket()) throw addressError(`unix:${path}`, 'a file that is not a socket is in the way')
  if (await answers(path)) throw addressError(`unix:${path}`, 'it is in use')
  // Two programs may come to the same conclusion at once; the one that is late must not remove what the other has just
  // made. So the file is moved aside first, and goes only if nobody answers there either.
  const aside = join(dirname(path), `.braid-${process.pid}-${++asides}`)
  await rename(path, aside).catch(() => undefined)
  if (await answers(aside)) {
    await rename(aside, path)
    throw addressError(`unix:${path}`, 'it is in use')
  }
  await rm(aside, { force: true })
}

/** Names given to socket files moved aside: two listeners of this program may be at it at once. */
let asides = 0

/** What says that nobody is there; a busy listener answers with other errors. The last two: the name is too long to ask. */
const NOBODY = ['ECONNREFUSED', 'ENOENT', 'ENAMETOOLONG', 'EINVAL']

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path })
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', (error) => resolve(!NOBODY.includes(codeOf(error))))
  })
}

const listenFailures: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is in use',
  EADDRNOTAVAIL: 'that address is not one of this machine',
  EACCES: 'no permission',
  EPERM: 'no permission',
  // What Deno says of an address of another machine; the path of a Unix socket was looked at before.
  EINVAL: 'that address is not one of this machine',
  ENOENT: 'the folder does not exist',
  ENOTDIR: 'the folder is not a folder',
  ENOTFOUND: 'the host is unknown',
  EAI_AGAIN: 'the host name could not be looked up',
}

function taken(address: Address, cause: unknown): BraidError {
  return addressError(formatAddress(address), explain(cause, listenFailures), cause)
}

function addressError(url: string, why: string, cause?: unknown): BraidError {
  return new BraidError('ADDRESS', `cannot listen on ${url}: ${why}`, { ...transportScope, cause })
}

function explain(cause: unknown, sentences: Readonly<Record<string, string>>): string {
  const code = codeOf(cause)
  const sentence = sentences[code]
  if (sentence !== undefined) return `${sentence} (${code})`
  return cause instanceof Error && cause.message !== '' ? cause.message : code
}

/** Dialling several addresses of one name at once fails with an error of errors; the first one speaks for all. */
function codeOf(cause: unknown): string {
  const { code, errors } = cause as { code?: unknown; errors?: unknown[] }
  if (typeof code === 'string') return code
  return errors !== undefined && errors.length > 0 ? codeOf(errors[0]) : ''
}
