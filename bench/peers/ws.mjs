// ws alone: a message a chunk and a message a call. A WebSocket knows no streams, so that the first five bytes of each
// message tell them apart: what it is, and which one.

import { asBuffer, KIND, Pacer } from './streams.mjs'
import { overWebSockets } from './web-socket.mjs'

const HEADER_BYTES = 5
/** What is buffered when a writer has to wait: a socket of Node's on its newer versions. */
const BUFFERED_MAX = 64 * 1024

function serve(socket, meter) {
  const numbers = new Map()
  const kept = []
  const take = {
    [KIND.sink](id, message) {
      let number = numbers.get(id)
      if (number === undefined) {
        number = meter.opened()
        numbers.set(id, number)
      }
      meter.add(number, message.length - HEADER_BYTES)
    },
    // Pausing the socket would pause everything: who does not read has to keep what comes.
    [KIND.stuck]: (_id, message) => kept.push(message),
    [KIND.churn](_id, message) {
      if (message.length === HEADER_BYTES) socket.send(message)
    },
    [KIND.call]: (_id, message) => socket.send(message),
  }
  socket.on('message', (message) => take[message[0]](message.readUInt32LE(1), message))
}

const client = (socket) => new Client(socket)

export const adapter = overWebSockets(serve, client)

class Client {
  passes = 'buffer'
  #socket
  #ids = 0
  #waiting = new Map()
  #pacer

  constructor(socket) {
    this.#socket = socket
    this.#pacer = new Pacer(() => socket.bufferedAmount >= BUFFERED_MAX)
    socket.on('message', (message) => {
      const id = message.readUInt32LE(1)
      const done = this.#waiting.get(id)
      this.#waiting.delete(id)
      done(message.subarray(HEADER_BYTES))
    })
  }

  open(ready) {
    const outlet = this.#outlet(KIND.sink, ready)
    // An empty message, or a stream would not be there before its first chunk.
    this.#socket.send(framed(KIND.sink, this.#ids, Buffer.alloc(0)))
    return outlet
  }

  stuck(ready) {
    return this.#outlet(KIND.stuck, ready)
  }

  /** Three messages: a byte, the end, which is an empty one, and the end of the other side. */
  churn(done) {
    const id = ++this.#ids
    this.#waiting.set(id, () => done())
    this.#socket.send(framed(KIND.churn, id, Buffer.of(0)))
    this.#socket.send(framed(KIND.churn, id, Buffer.alloc(0)))
  }

  call(body, done) {
    const id = ++this.#ids
    this.#waiting.set(id, done)
    this.#socket.send(framed(KIND.call, id, body))
  }

  #outlet(kind, ready) {
    const id = ++this.#ids
    const socket = this.#socket
    const pacer = this.#pacer
    const sent = () => pacer.wake()
    return {
      write(chunk) {
        socket.send(framed(kind, id, asBuffer(chunk)), sent)
        return pacer.more(ready)
      },
    }
  }
}

function framed(kind, id, body) {
  const message = Buffer.allocUnsafe(HEADER_BYTES + body.length)
  message[0] = kind
  message.writeUInt32LE(id >>> 0, 1)
  message.set(body, HEADER_BYTES)
  return message
}
