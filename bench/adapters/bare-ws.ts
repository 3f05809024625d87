// ws as most people write to it: a WebSocket a stream, a chunk a message; one for calls, answered in order. Nothing is added to a message.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import type { Adapter, Body, Dialled, Meter, Outlet } from '../adapter.ts'
import { Replies } from './replies.ts'
import { turning } from './turning.ts'

/** Bytes buffered when a writer has to wait: what a socket of Node takes before it says so. */
const BUFFERED_MAX = 64 * 1024
const PLAIN = { perMessageDeflate: false } as const

export const bareWs: Adapter = {
  async listen(meter, _raised, where) {
    if ('path' in where) throw new Error('WebSockets are measured over TCP')
    const server = new WebSocketServer({ ...where, ...PLAIN })
    server.on('connection', (socket, { url }) => serve(socket, url === '/calls', meter))
    await once(server, 'listening')
    const { address, port } = server.address() as AddressInfo
    return { host: address, port }
  },

  async dial(where) {
    if ('path' in where) throw new Error('WebSockets are measured over TCP')
    const url = `ws://${where.host}:${where.port}`
    const calls = new WebSocket(`${url}/calls`, PLAIN)
    await once(calls, 'open')
    return new Sockets(url, calls)
  },
}

function serve(socket: WebSocket, isCalls: boolean, meter: Meter): void {
  if (isCalls) {
    socket.on('message', (message: Buffer) => socket.send(message))
    return
  }
  const number = meter.opened()
  socket.on('message', (message: Buffer) => meter.add(number, message.length))
}

class Sockets implements Dialled {
  readonly #url: string
  readonly #calls: WebSocket
  readonly #replies = new Replies()

  constructor(url: string, calls: WebSocket) {
    this.#url = url
    this.#calls = calls
    calls.on('message', this.#replies.take)
  }

  async open(ready: () => void): Promise<Outlet> {
    const socket = new WebSocket(`${this.#url}/stream`, PLAIN)
    await once(socket, 'open')
    let full = false
    const turn = turning(ready)
    const sent = (): void => {
      if (!full || socket.bufferedAmount >= BUFFERED_MAX) return
      full = false
      ready()
    }
    return {
      write(chunk) {
        socket.send(chunk, sent)
        full = socket.bufferedAmount >= BUFFERED_MAX
        return turn(chunk.length, !full)
      },
    }
  }

  call(body: Uint8Array, done: (reply: Body) => void): void {
    this.#replies.expect(done)
    this.#calls.send(body)
  }
}
