// What one contender can do, as the workloads see it: the only interface between the two.
// Knows no contender and no workload.

import { peers } from './peers.ts'

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
}

/** The dialling side of one session (or of as many connections as the contender needs). */
export interface Dialled extends Caller {
  /** `ready` is called each time after `write` answered false, once more is taken. */
  open(ready: () => void): Outlet | Promise<Outlet>
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

export interface Adapter {
  /** Starts a listener on loopback that counts stream bytes and answers calls; resolves with its port. */
  listen(meter: Meter, raised: Raised): Promise<number>
  /** A row names only contenders whose dialling side can do what its workload asks. */
  dial(port: number, raised: Raised): Promise<Caller>
}

const KiB = 1024

export interface Contender {
  readonly title: string
  /** Packages it is made of, when they are not the project's own. */
  readonly packages?: readonly string[]
  /** What a reader of the table should know about how it was used. */
  readonly note?: string
  load(): Promise<Adapter>
}

/** Contenders by name; their modules are loaded only by the processes that need them. */
export const adapters = {
  net: {
    title: 'plain sockets',
    load: async (): Promise<Adapter> => (await import('./adapters/net.ts')).sockets,
  },
  http2: {
    title: 'node:http2',
    load: async (): Promise<Adapter> => (await import('./adapters/http2.ts')).http2(undefined),
  },
  'http2-tuned': {
    title: 'node:http2, 16 MiB windows',
    load: async (): Promise<Adapter> => (await import('./adapters/http2.ts')).http2(16 * KiB * KiB),
  },
  braidwire: {
    title: 'Braidwire',
    load: async (): Promise<Adapter> => (await import('./adapters/braidwire.ts')).braidwire,
  },
  'braidwire-resume': {
    title: 'Braidwire, resumable',
    note: '`listen` with `resume`, `connect` with `reconnect`: everything sent is kept until it is acknowledged',
    load: async (): Promise<Adapter> => (await import('./adapters/braidwire.ts')).braidwireResume,
  },
  'braidwire-rpc': {
    title: 'Braidwire',
    note: '`expose` and `wrap` over TCP; bytes in MessagePack; an async generator, flow-controlled',
    load: async (): Promise<Adapter> => (await import('./adapters/braidwire-rpc.ts')).braidwireRpc,
  },
  ...peers,
} as const satisfies Record<string, Contender>

export type AdapterName = keyof typeof adapters

export function contender(name: AdapterName): Contender {
  return adapters[name]
}
