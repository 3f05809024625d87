// Web streams over TCP sockets, as `Duplex.toWeb` makes them: alone, used as plain sockets are, and Braidwire over them.

import { EventEmitter } from 'node:events'
import { Duplex } from 'node:stream'
import type { ReadableStream, WritableStreamDefaultWriter } from 'node:stream/web'
import { connect, listen, type WebStreamPair } from 'braidwire'
import type { Adapter } from '../adapter.ts'
import { fatal } from '../fatal.ts'
import { Calls, serve } from './braidwire.ts'
import { unbatched } from './net.ts'
import { dialled, listening, net, plain } from './plain.ts'
import { turning } from './turning.ts'

export const bareWeb: Adapter = plain(unbatched, {
  createServer: (take) => net.createServer((socket) => take(new Link(socket) as unknown as Duplex)),
  connect(where, connected) {
    const socket = net.connect(where, () => connected())
    return new Link(socket) as unknown as Duplex
  },
})

export const braidwireWeb: Adapter = {
  listen(meter, raised, where) {
    const server = net.createServer((socket) => {
      listen(webOf(socket), (session) => serve(session, meter), raised).catch(fatal)
    })
    return listening(server, where)
  },

  async dial(where, raised) {
    return new Calls(await connect(webOf(await dialled(where, net)), raised))
  },
}

function webOf(socket: Duplex): WebStreamPair {
  return Duplex.toWeb(socket) as WebStreamPair
}

/** The two streams with the few members of a socket that `plain` uses. */
class Link extends EventEmitter {
  readonly #turn = turning(() => this.emit('drain'))
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>

  constructor(socket: Duplex) {
    super()
    const { readable, writable } = Duplex.toWeb(socket)
    this.#writer = writable.getWriter()
    this.#read(readable).catch(fatal)
  }

  write(chunk: Uint8Array): boolean {
    this.#writer.write(chunk).catch(fatal)
    if (this.#writer.desiredSize! > 0) return this.#turn(chunk.length, true)
    this.#writer.ready.then(() => this.emit('drain'), fatal)
    return false
  }

  async #read(readable: ReadableStream<Uint8Array>): Promise<void> {
    for await (const { buffer, byteOffset, length } of readable) {
      this.emit('data', Buffer.from(buffer, byteOffset, length))
    }
    this.emit('end')
  }
}
