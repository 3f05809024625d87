// Plain `net.Socket`: one connection a stream, one more for calls, one `write` a message.
// What people write by hand: a length before each call, replies in the order of the calls.

import { connect, createServer, type Socket } from 'node:net'
import type { Adapter, Dialled, Meter, Outlet } from '../adapter.ts'

const HOST = '127.0.0.1'
const STREAM = 1
const CALLS = 2

export const sockets: Adapter = {
  listen(meter) {
    const server = createServer({ noDelay: true }, (socket) => {
      socket.once('data', (first) => serve(socket, first, meter))
    })
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, HOST, 4096, () => {
        const address = server.address()
        resolve(address !== null && typeof address === 'object' ? address.port : 0)
      })
    })
  },

  async dial(port) {
    return new Sockets(port, await dialled(port, CALLS))
  },
}

/** The first byte of a connection says what it is for. */
function serve(socket: Socket, first: Buffer, meter: Meter): void {
  if (first[0] === STREAM) {
    const number = meter.opened()
    meter.add(number, first.length - 1)
    socket.on('data', (chunk) => meter.add(number, chunk.length))
    return
  }
  const messages = splitter((body) => socket.write(framed(body)))
  messages(first.subarray(1))
  socket.on('data', messages)
}

class Sockets implements Dialled {
  readonly #port: number
  readonly #calls: Socket
  readonly #waiting: ((reply: Uint8Array) => void)[] = []
  #next = 0

  constructor(port: number, calls: Socket) {
    this.#port = port
    this.#calls = calls
    calls.on(
      'data',
      splitter((reply) => this.#answer(reply)),
    )
  }

  async open(ready: () => void): Promise<Outlet> {
    const socket = await dialled(this.#port, STREAM)
    socket.on('drain', ready)
    return socket
  }

  call(body: Uint8Array, done: (reply: Uint8Array) => void): void {
    this.#waiting.push(done)
    this.#calls.write(framed(body))
  }

  #answer(reply: Uint8Array): void {
    const done = this.#waiting[this.#next++]!
    // An index and a rare cut, because `shift` of a long array is dear.
    if (this.#next === this.#waiting.length || this.#next === 4096) {
      this.#waiting.splice(0, this.#next)
      this.#next = 0
    }
    done(reply)
  }
}

function dialled(port: number, kind: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: HOST, noDelay: true }, () => {
      socket.write(Uint8Array.of(kind))
      resolve(socket)
    })
    socket.once('error', reject)
  })
}

function framed(body: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(4 + body.length)
  message.writeUInt32LE(body.length, 0)
  message.set(body, 4)
  return message
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
