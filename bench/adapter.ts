// What one contender can do, as the workloads see it: the only interface between the two.
// Knows no contender and no workload.

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

/** The dialling side of one session (or of as many connections as the contender needs). */
export interface Dialled {
  /** `ready` is called each time after `write` answered false, once more is taken. */
  open(ready: () => void): Outlet | Promise<Outlet>
  /** Sends `body`, hands the echoed reply to `done`. */
  call(body: Uint8Array, done: (reply: Uint8Array) => void): void
}

/** Options above the defaults, by the contender's own names. Printed with the row they are raised for. */
export type Raised = Readonly<Record<string, number>>

export interface Adapter {
  /** Starts a listener on loopback that counts stream bytes and echoes calls; resolves with its port. */
  listen(meter: Meter, raised: Raised): Promise<number>
  dial(port: number, raised: Raised): Promise<Dialled>
}

const KiB = 1024

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
} as const

export type AdapterName = keyof typeof adapters
