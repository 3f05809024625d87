// What one contender can do, as the workloads see it: the only interface between the two.
// Knows no contender and no workload.

import type { MessagePort } from 'node:worker_threads'
import { peers } from './peers.ts'
import type { Mark } from './sample.ts'

/** Counts what the listening process has received, stream by stream. */
export class Meter {
  readonly bytes: number[] = []

  /** A stream has come: the number to count it under. */
  opened(): number {
    return this.bytes.push(0) - 1
  }

  add(stream: number, count: number): void {
    this.bytes[stream]! += count
  }
}

/** The writing end of one stream; its bytes end up in the other process's {@link Meter}. */
export interface Outlet {
  /** False: the chunk is taken, but wait for the callback given to `open` before the next. */
  write(chunk: Uint8Array): boolean
}

/** What a call carries: bytes, or as many ASCII characters where the contender speaks JSON. */
export type Body = Uint8Array | string

/** What results are filled with, so that a wrong one shows. Code units. */
export const LETTERS = { echo: 0x61, big: 0x62, tick: 0x63 } as const

/** The dialling side of anything that can call. */
export interface Caller {
  /** Sends `body`, hands the echoed reply to `done`. */
  call(body: Body, done: (reply: Body) => void): void
  /** What its users would pass for bytes, when it is not a Uint8Array. */
  readonly passes?: 'text' | 'buffer'
  /** Of a `pair` whose listening side is not in this process or thread: what that knows about itself. */
  mark?(collect: boolean): Promise<Mark>
}

/** The dialling side of one session (or of as many connections as the contender needs). */
export interface Dialled extends Caller {
  /** `ready` is called each time after `write` answered false, once more is taken. */
  open(ready: () => void): Outlet | Promise<Outlet>
  /** Opens a stream that nobody reads on the listening side; the {@link Meter} does not hear of it. */
  stuck?(ready: () => void): Outlet | Promise<Outlet>
  /** Opens a stream, writes one byte, ends it; `done` when the listening side, having read that end, has ended it too. */
  churn?(done: () => void): void
}

/** The dialling side of an RPC library, one connection. */
export interface Remote extends Caller {
  /** A call whose result is that large, filled with `LETTERS.big`. */
  big(bytes: number, done: (result: Body) => void): void
  /** Server streaming by the library's own means: `count` items of `bytes` bytes filled with `LETTERS.tick`, then `done`. */
  ticks?(count: number, bytes: number, each: (item: Body) => void, done: () => void): void
}

/** Options above the defaults, by the contender's own names. Printed with the row they are raised for. */
export type Raised = Readonly<Record<string, number>>

/** An address as `net` takes it: TCP, where port 0 is any free one, or a Unix socket; and whom to trust there, in PEM. */
export type Where = { readonly host: string; readonly port: number; readonly ca?: string } | { readonly path: string }

export interface Adapter {
  /** Starts a listener that counts stream bytes and answers calls; resolves with where it really listens. */
  listen(meter: Meter, raised: Raised, where: Where): Promise<Where>
  /** A row names only contenders whose dialling side can do what its workload asks. */
  dial(where: Where, raised: Raised): Promise<Caller>
  /** Both sides in this process, or started by it, with nothing but memory or their own carrier between them; resolves with the dialling one. */
  pair?(meter: Meter, raised: Raised): Promise<Caller>
  /** The listening side as a child or a thread that `pair` started, with the ports a thread was given. */
  below?(meter: Meter, ports: readonly MessagePort[]): void
}

/** What a row may ask of a contender. `rpc`: typed calls, `Remote`; `memory`: it has a `pair`. */
export type Ability = 'streams' | 'calls' | 'rpc' | 'memory' | 'churn'

const KiB = 1024

export interface Contender {
  readonly title: string
  /** Packages it is made of, when they are not the project's own. */
  readonly packages?: readonly string[]
  /** What a reader of the table should know about how it was used. */
  readonly note?: string
  /** Of other libraries: the rows they may stand in. Rows name the project's own contenders themselves. */
  readonly can?: readonly Ability[]
  /** What a program on the dialling side imports. Default: `packages`. */
  readonly imports?: readonly string[]
  /** Code whose bundle is weighed. Default: everything of what it imports. */
  readonly bundle?: string
  load(): Promise<Adapter>
}

/** Contenders by name; their modules are loaded only by the processes that need them. */
export const adapters = {
  net: {
    title: 'plain sockets',
    imports: ['node:net'],
    load: async (): Promise<Adapter> => (await import('./adapters/net.ts')).sockets,
  },
  'net-batched': {
    title: 'plain sockets, batched',
    note: 'all calls of one tick in one buffer; chunks corked up to 256 KiB',
    load: async (): Promise<Adapter> => (await import('./adapters/net-batched.ts')).batched,
  },
  http2: {
    title: 'node:http2',
    imports: ['node:http2'],
    load: async (): Promise<Adapter> => (await import('./adapters/http2.ts')).http2(undefined),
  },
  'http2-tuned': {
    title: 'node:http2, 16 MiB windows',
    load: async (): Promise<Adapter> => (await import('./adapters/http2.ts')).http2(16 * KiB * KiB),
  },
  braidwire: {
    title: 'Braidwire',
    imports: ['braidwire'],
    bundle:
      "export { startSession, connectSession } from 'braidwire'; export { memory } from 'braidwire/transport/memory'",
    load: async (): Promise<Adapter> => (await import('./adapters/braidwire.ts')).braidwire,
  },
  'braidwire-view': {
    title: 'Braidwire, Duplex views',
    note: 'every stream through `duplex()` of `braidwire/node`, on both sides',
    load: async (): Promise<Adapter> => (await import('./adapters/braidwire-view.ts')).braidwireView,
  },
  'braidwire-resume': {
    title: 'Braidwire, resumable',
    note: '`listen` with `resume`, `connect` with `reconnect`: everything sent is kept until it is acknowledged',
    load: async (): Promise<Adapter> => (await import('./adapters/braidwire.ts')).braidwireResume,
  },
  'bare-ws': {
    title: 'ws alone',
    note: 'a WebSocket a stream, a chunk or call a message and nothing added; calls are answered in order',
    packages: ['ws'],
    load: async (): Promise<Adapter> => (await import('./adapters/bare-ws.ts')).bareWs,
  },
  'braidwire-ws': {
    title: 'Braidwire over ws',
    note: 'over loopback and TLS its mask is zero, where ws alone masks every message',
    load: async (): Promise<Adapter> => (await import('./adapters/braidwire.ts')).braidwireWs,
  },
  'bare-tls': {
    title: 'tls alone',
    note: 'as plain sockets',
    load: async (): Promise<Adapter> => (await import('./adapters/tls.ts')).bareTls,
  },
  'braidwire-tls': {
    title: 'Braidwire over TLS',
    load: async (): Promise<Adapter> => (await import('./adapters/tls.ts')).braidwireTls,
  },
  'bare-web': {
    title: 'Web streams alone',
    note: 'as plain sockets, through `Duplex.toWeb`: one `write` a message, `ready` waited for, `for await` over what comes',
    load: async (): Promise<Adapter> => (await import('./adapters/web-streams.ts')).bareWeb,
  },
  'braidwire-web': {
    title: 'Braidwire over Web streams',
    note: 'those of `Duplex.toWeb`, over a TCP socket',
    load: async (): Promise<Adapter> => (await import('./adapters/web-streams.ts')).braidwireWeb,
  },
  'bare-nested': {
    title: 'a stream of Braidwire alone',
    note: 'calls as over plain sockets, through `duplex()`',
    load: async (): Promise<Adapter> => (await import('./adapters/nested.ts')).bareNested,
  },
  'braidwire-nested': {
    title: 'Braidwire in a stream of Braidwire',
    load: async (): Promise<Adapter> => (await import('./adapters/nested.ts')).braidwireNested,
  },
  'bare-stdio': {
    title: 'pipes of a child alone',
    note: 'as plain sockets: a child a stream, and one for calls',
    load: async (): Promise<Adapter> => (await import('./adapters/stdio.ts')).bareStdio,
  },
  'braidwire-stdio': {
    title: 'Braidwire over stdio of a child',
    load: async (): Promise<Adapter> => (await import('./adapters/stdio.ts')).braidwireStdio,
  },
  'bare-thread': {
    title: 'postMessage to a thread alone',
    note: 'a chunk or call a message, cloned; as much under way as Braidwire has, told by the receiver',
    load: async (): Promise<Adapter> => (await import('./adapters/thread.ts')).bareThread(false),
  },
  'bare-thread-transfer': {
    title: 'postMessage with transfer alone',
    note: 'the same with a copy of the chunk, made by the sender and given away',
    load: async (): Promise<Adapter> => (await import('./adapters/thread.ts')).bareThread(true),
  },
  'braidwire-thread': {
    title: 'Braidwire to a thread',
    load: async (): Promise<Adapter> => (await import('./adapters/thread.ts')).braidwireThread(false),
  },
  'braidwire-thread-transfer': {
    title: 'Braidwire to a thread, transfer',
    note: 'a copy of each chunk, made by the sender and given away',
    load: async (): Promise<Adapter> => (await import('./adapters/thread.ts')).braidwireThread(true),
  },
  'bare-webrtc': {
    title: 'data channel alone',
    note: 'of node-datachannel, both peers in one process; a chunk or call a message; writers wait at 256 KiB buffered',
    load: async (): Promise<Adapter> => (await import('./adapters/webrtc.ts')).bareWebrtc,
  },
  'braidwire-webrtc': {
    title: 'Braidwire over a data channel',
    load: async (): Promise<Adapter> => (await import('./adapters/webrtc.ts')).braidwireWebrtc,
  },
  'braidwire-rpc': {
    title: 'Braidwire, typed calls',
    note: '`expose` and `wrap` over TCP; bytes in MessagePack; an async generator, flow-controlled',
    imports: ['braidwire', 'braidwire/rpc'],
    bundle: "export { connectSession } from 'braidwire'; export { expose, wrap } from 'braidwire/rpc'",
    load: async (): Promise<Adapter> => (await import('./adapters/braidwire-rpc.ts')).braidwireRpc,
  },
  ...peers,
} as const satisfies Record<string, Contender>

export type AdapterName = keyof typeof adapters

export function contender(name: AdapterName): Contender {
  return adapters[name]
}

/** The other libraries, which are measured when they are asked for. */
export const peerNames = Object.keys(peers) as AdapterName[]
