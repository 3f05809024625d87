// Other libraries, multiplexers and RPC: their names, what they can do, and how each is used. Their adapters and their packages are in `peers/`, outside
// the build and the project's dependencies, and are loaded only by the processes that measure them.

import { readFileSync } from 'node:fs'
import type { Adapter, Contender } from './adapter.ts'

/** Seen from build/bench. */
const FOLDER = new URL('../../bench/peers/', import.meta.url)

/** What a module of `peers/` exports. */
interface PeerModule {
  readonly adapter: Adapter
}

interface Peer extends Contender {
  /** The rows it may stand in: streams at all, calls of bytes or text, typed calls, both sides in memory, half-closed streams. */
  readonly can: readonly ('streams' | 'calls' | 'rpc' | 'memory' | 'churn')[]
  /** What a program on the dialling side imports, when that is not all of `packages`; a WebSocket is the platform's. */
  readonly imports?: readonly string[]
}

function load(module: string): () => Promise<Adapter> {
  return async () => ((await import(new URL(`${module}.mjs`, FOLDER).href)) as PeerModule).adapter
}

/** How a library that lets no writer wait is used. */
const PACED = 'nothing holds writers back, so that they wait for the socket to drain'

export const peers = {
  multiplex: {
    title: 'multiplex',
    packages: ['multiplex'],
    can: ['streams', 'calls', 'memory', 'churn'],
    note: 'piped into the connection and back; a channel a call',
    load: load('multiplex'),
  },
  yamux: {
    title: 'yamux',
    packages: ['@chainsafe/libp2p-yamux', '@libp2p/utils', '@libp2p/logger', '@multiformats/multiaddr'],
    can: ['streams', 'calls', 'memory', 'churn'],
    note: 'that of libp2p, without libp2p; the first byte of a stream says what it is for; a stream a call',
    load: load('yamux'),
  },
  mplex: {
    title: 'mplex',
    packages: ['@libp2p/mplex', '@libp2p/utils', '@libp2p/logger', '@multiformats/multiaddr'],
    can: ['streams', 'calls', 'memory', 'churn'],
    note: 'as yamux; `disconnectThreshold` raised, as it closes the connection at the sixth new stream of a second',
    load: load('mplex'),
  },
  protomux: {
    title: 'protomux',
    packages: ['protomux', 'framed-stream', 'compact-encoding'],
    can: ['streams', 'calls', 'memory', 'churn'],
    note: 'a channel a stream; writers wait for the connection, refilled after a turn of the event loop; a channel a call',
    load: load('protomux'),
  },
  'packet-stream': {
    title: 'packet-stream',
    packages: ['packet-stream', 'packet-stream-codec', 'muxrpc', 'pull-stream', 'stream-to-pull-stream'],
    imports: ['packet-stream', 'packet-stream-codec', 'muxrpc/pull-weird.js', 'pull-stream', 'stream-to-pull-stream'],
    can: ['streams', 'calls', 'memory', 'churn'],
    note: `joined to the connection by the pull-streams of muxrpc; its own requests; ${PACED}`,
    load: load('packet-stream'),
  },
  ws: {
    title: 'ws',
    packages: ['ws'],
    can: ['streams', 'calls', 'churn'],
    note: 'a message a chunk or call, with five bytes in front to tell streams and calls apart; writers wait at 64 KiB buffered',
    load: load('ws'),
  },
  'rpc-stream': {
    title: 'rpc-stream',
    packages: ['rpc-stream', 'multiplex'],
    can: ['calls', 'rpc', 'memory'],
    note: 'in a channel of multiplex; text as JSON; has no streaming, that of multiplex is measured by itself',
    load: load('rpc-stream'),
  },
  'grpc-js': {
    title: 'grpc-js',
    packages: ['@grpc/grpc-js', '@grpc/proto-loader'],
    can: ['streams', 'calls', 'rpc', 'churn'],
    note: 'HTTP/2 without TLS; bytes; a server stream that waits for `drain`; a stream is a client stream',
    load: load('grpc-js'),
  },
  capnweb: {
    title: 'capnweb',
    packages: ['capnweb', 'ws'],
    imports: ['capnweb'],
    can: ['streams', 'calls', 'rpc', 'churn'],
    note: 'WebSocket; text; a ReadableStream of text as the result; a stream is a WritableStream of bytes, which travel as base64',
    load: load('capnweb'),
  },
  muxrpc: {
    title: 'muxrpc',
    packages: ['muxrpc', 'pull-stream', 'stream-to-pull-stream'],
    can: ['streams', 'calls', 'rpc', 'memory'],
    note: `small calls of text, large results and items as Buffers; a source, a stream is a sink; ${PACED}; cannot tell that the other side has ended too`,
    load: load('muxrpc'),
  },
  'protomux-rpc': {
    title: 'protomux-rpc',
    packages: ['protomux-rpc', 'framed-stream'],
    can: ['calls', 'rpc', 'memory'],
    note: 'bytes; has no streaming',
    load: load('protomux-rpc'),
  },
  'vscode-jsonrpc': {
    title: 'vscode-jsonrpc',
    packages: ['vscode-jsonrpc'],
    imports: ['vscode-jsonrpc/node'],
    can: ['calls', 'rpc', 'memory'],
    note: 'text; progress notifications, which wait for nothing but the socket; has no streams',
    load: load('vscode-jsonrpc'),
  },
  birpc: {
    title: 'birpc',
    packages: ['birpc', 'ws'],
    imports: ['birpc'],
    can: ['calls', 'rpc'],
    note: 'WebSocket; text as JSON; has no streaming',
    load: load('birpc'),
  },
  rsocket: {
    title: 'rsocket',
    packages: ['rsocket-core', 'rsocket-flowable', 'rsocket-tcp-client'],
    can: ['streams', 'calls', 'rpc', 'memory', 'churn'],
    note: 'bytes; a request stream with all its items requested at once; a stream is a channel of which 64 items are requested ahead',
    load: load('rsocket'),
  },
} as const satisfies Record<string, Peer>

/** Packages with the versions that are asked for, which are those `npm ci` installs. */
export function versioned(packages: readonly string[]): string[] {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', FOLDER), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  return packages.map((name) => `${name} ${dependencies[name]}`)
}
