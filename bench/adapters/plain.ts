// Plain sockets: one connection a stream, one more for calls. What people write by hand: a byte that says what a connection
// is for, a length before each call, replies in the order of the calls. How bytes are gathered into writes is given, and what
// makes connections, where that is not `net`.

import { connect, createServer, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Adapter, Body, Dialled, Meter, Outlet, Where } from '../adapter.ts'
import { fatal } from '../fatal.ts'
import { duplexPair } from '../memory.ts'
import { Replies } from './replies.ts'

const KIND = { stream: 1, calls: 2, stuck: 3, churn: 4 } as const
const BACKLOG = 4096

/** How bytes get into a socket. */
export interface Manner {
  /** Sends a message, its length before it. */
  messages(socket: Duplex): (body: Uint8Array) => void
  chunks(socket: Duplex, ready: () => void): Outlet
}

/** What makes connections, as `net` does. */
export interface Maker {
  createServer(take: (connection: Duplex) => void): Server
  /** `connected` is called once it can be written to. */
  connect(where: Where, connected: () => void): Duplex
}

export const net: Maker = {
  // Half open: the end of what was read is answered with an end of its own.
  createServer: (take) => createServer({ noDelay: true, allowHalfOpen: true }, take),
  connect: (where, connected) => connect({ ...where, noDelay: true }, connected),
}

export function plain(manner: Manner, maker = net): Adapter {
  return {
    listen: (meter, _raised, where) =>
      listening(
        maker.createServer((socket) => serve(socket, meter, manner)),
        where,
      ),

    dial: (where) => Sockets.over(() => dialled(where, maker), manner),

    pair: (meter) =>
      Sockets.over(async () => {
        const [near, far] = duplexPair()
        serve(far, meter, manner)
        return near
      }, manner),
  }
}

/** The first byte of a connection says what it is for. `failed`: what an error of it means. */
export function serve(socket: Duplex, meter: Meter, manner: Manner, failed: (error: Error) => void = fatal): void {
  socket.on('error', failed)
  socket.once('data', (first: Buffer) => {
    const kind = first[0]
    if (kind === KIND.stuck) socket.pause()
    else if (kind === KIND.stream) count(socket, first.length - 1, meter)
    else if (kind === KIND.churn) {
      socket.resume()
      socket.on('end', () => socket.end())
    } else {
      const messages = splitter(manner.messages(socket))
      messages(first.subarray(1))
      socket.on('data', messages)
    }
  })
}

function count(socket: Duplex, already: number, meter: Meter): void {
  const number = meter.opened()
  meter.add(number, already)
  socket.on('data', (chunk: Buffer) => meter.add(number, chunk.length))
}

export class Sockets implements Dialled {
  readonly #connect: () => Promise<Duplex>
  readonly #manner: Manner
  readonly #send: (body: Uint8Array) => void
  readonly #replies = new Replies()

  static async over(connection: () => Promise<Duplex>, manner: Manner): Promise<Sockets> {
    return new Sockets(connection, manner, await connection())
  }

  private constructor(connection: () => Promise<Duplex>, manner: Manner, calls: Duplex) {
    this.#connect = connection
    this.#manner = manner
    calls.write(Uint8Array.of(KIND.calls))
    calls.on('data', splitter(this.#replies.take))
    this.#send = manner.messages(calls)
  }

  open(ready: () => void): Promise<Outlet> {
    return this.#opened(KIND.stream, ready)
  }

  stuck(ready: () => void): Promise<Outlet> {
    return this.#opened(KIND.stuck, ready)
  }

  churn(done: () => void): void {
    this.#connect().then((socket) => {
      socket.on('error', fatal)
      socket.on('end', done)
      socket.resume()
      socket.end(Uint8Array.of(KIND.churn, 0))
    }, fatal)
  }

  call(body: Uint8Array, done: (reply: Body) => void): void {
    this.#replies.expect(done)
    this.#send(body)
  }

  async #opened(kind: number, ready: () => void): Promise<Outlet> {
    const socket = await this.#connect()
    socket.on('error', fatal)
    socket.write(Uint8Array.of(kind))
    return this.#manner.chunks(socket, ready)
  }
}

/** Resolves with where it really listens. */
export function listening(server: Server, where: Where): Promise<Where> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...where, backlog: BACKLOG }, () => {
      const address = server.address()
      resolve(address !== null && typeof address === 'object' ? { host: address.address, port: address.port } : where)
    })
  })
}

export function dialled(where: Where, maker: Maker): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = maker.connect(where, () => {
      socket.removeListener('error', reject)
      resolve(socket)
    })
    socket.once('error', reject)
  })
}

/** Chunks in, whole messages out. */
function splitter(message: (body: Uint8Array) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    while (bytes.length - at >= 4) {
      const end = at + 4 + bytes.readUInt32LE(at)
      if (end > bytes.length) break
      message(bytes.subarray(at + 4, end))
      at = end
    }
    rest = bytes.subarray(at)
  }
}
