// Other RPC libraries: their names, and how each is used. Their adapters and their packages are in `peers/`, outside
// the build and the project's dependencies, and are loaded only by the processes that measure them.

import { readFileSync } from 'node:fs'
import type { Adapter, Contender } from './adapter.ts'

/** Seen from build/bench. */
const FOLDER = new URL('../../bench/peers/', import.meta.url)

/** What a module of `peers/` exports. */
interface PeerModule {
  readonly adapter: Adapter
}

function load(module: string): () => Promise<Adapter> {
  return async () => ((await import(new URL(`${module}.mjs`, FOLDER).href)) as PeerModule).adapter
}

export const peers = {
  'grpc-js': {
    title: 'grpc-js',
    packages: ['@grpc/grpc-js', '@grpc/proto-loader'],
    note: 'HTTP/2 without TLS; bytes; a server stream that waits for `drain`',
    load: load('grpc-js'),
  },
  capnweb: {
    title: 'capnweb',
    packages: ['capnweb', 'ws'],
    note: 'WebSocket; text; a ReadableStream of text as the result',
    load: load('capnweb'),
  },
  muxrpc: {
    title: 'muxrpc',
    packages: ['muxrpc'],
    note: 'TCP; small calls of text, large results and items as Buffers; a source, which nothing holds back',
    load: load('muxrpc'),
  },
  'protomux-rpc': {
    title: 'protomux-rpc',
    packages: ['protomux-rpc', 'framed-stream'],
    note: 'TCP; bytes; has no streaming',
    load: load('protomux-rpc'),
  },
  'vscode-jsonrpc': {
    title: 'vscode-jsonrpc',
    packages: ['vscode-jsonrpc'],
    note: 'TCP; text; progress notifications, which wait for nothing but the socket',
    load: load('vscode-jsonrpc'),
  },
  birpc: {
    title: 'birpc',
    packages: ['birpc', 'ws'],
    note: 'WebSocket; text as JSON; has no streaming',
    load: load('birpc'),
  },
  rsocket: {
    title: 'rsocket',
    packages: ['rsocket-core', 'rsocket-tcp-server', 'rsocket-tcp-client'],
    note: 'TCP; bytes; a request stream with all its items requested at once',
    load: load('rsocket'),
  },
} as const satisfies Record<string, Contender>

/** Packages with the versions that are asked for, which are those `npm ci` installs. */
export function versioned(packages: readonly string[]): string[] {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', FOLDER), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  return packages.map((name) => `${name} ${dependencies[name]}`)
}
