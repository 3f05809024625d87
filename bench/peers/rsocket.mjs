// rsocket-js 0.0.27 as its examples show it: its TCP connection with BufferEncoders, the method as a route in the metadata,
// a Single for a call, a Flowable for a stream of which the client asks for everything at once, a channel for a stream
// that the client writes.

import core from 'rsocket-core'
import { Flowable, Single } from 'rsocket-flowable'
import tcp from 'rsocket-tcp-client'
import { CREDIT_ITEMS, EVERYTHING, Reader, Writer } from './rsocket-channel.mjs'
import { bigBytes, fatal, overSockets, tickBytes } from './service.mjs'

const { BufferEncoders, decodeRoutes, encodeRoute, MESSAGE_RSOCKET_ROUTING, RSocketClient, RSocketServer } = core
const { RSocketTcpConnection } = tcp

const calls = {
  echo: (data) => data,
  big: (data) => bigBytes(data.readUInt32LE()),
}

const handler = (meter, creditItems) => ({
  requestResponse({ data, metadata }) {
    const route = decodeRoutes(metadata).next().value
    return Single.of({ data: calls[route](data) })
  },

  requestStream({ data }) {
    const count = data.readUInt32LE(0)
    const item = { data: tickBytes(data.readUInt32LE(4)) }
    return new Flowable((subscriber) => {
      let sent = 0
      let ended = false
      subscriber.onSubscribe({
        request(more) {
          for (let left = more; left > 0 && sent < count && !ended; left--) {
            sent++
            subscriber.onNext(item)
          }
          if (sent < count || ended) return
          ended = true
          subscriber.onComplete()
        },
        cancel() {
          ended = true
        },
      })
    })
  },

  requestChannel(items) {
    return new Flowable((answers) => {
      answers.onSubscribe({ request() {}, cancel() {} })
      items.subscribe(new Reader(meter, answers, creditItems))
    })
  },
})

/** Raised, or lowered where many streams would fill the memory with credit: `creditItems`. */
export function serve(duplex, meter, raised) {
  const connection = new RSocketTcpConnection(duplex, BufferEncoders)
  const transport = {
    // Not `just`, whose end would close the connection.
    start: () =>
      new Flowable((subscriber) => {
        subscriber.onSubscribe({ request: () => subscriber.onNext(connection), cancel() {} })
      }),
    stop() {},
  }
  new RSocketServer({ transport, getRequestHandler: () => handler(meter, raised.creditItems ?? CREDIT_ITEMS) }).start()
}

export function client(duplex) {
  const setup = {
    keepAlive: 60_000,
    lifetime: 180_000,
    dataMimeType: 'application/octet-stream',
    metadataMimeType: MESSAGE_RSOCKET_ROUTING.string,
  }
  const rsocket = new RSocketClient({ setup, transport: new Transport(duplex) })
  return new Promise((resolve, reject) => {
    rsocket.connect().subscribe({ onComplete: (socket) => resolve(new Remote(socket)), onError: reject })
  })
}

export const adapter = overSockets(serve, client)

/** Its TCP client, over a connection that exists. */
class Transport extends RSocketTcpConnection {
  #duplex

  constructor(duplex) {
    super(null, BufferEncoders)
    this.#duplex = duplex
  }

  connect() {
    this.setupSocket(this.#duplex)
    this.setConnectionStatus({ kind: 'CONNECTED' })
  }
}

class Remote {
  passes = 'buffer'
  #socket

  constructor(socket) {
    this.#socket = socket
  }

  open(ready) {
    return new Writer(this.#socket, 'sink', ready)
  }

  stuck(ready) {
    return new Writer(this.#socket, 'stuck', ready)
  }

  churn(done) {
    new Writer(this.#socket, 'churn', () => {}, done).end()
  }

  call(body, done) {
    this.#request('echo', body, done)
  }

  big(bytes, done) {
    this.#request('big', numbers(bytes), done)
  }

  ticks(count, bytes, each, done) {
    this.#socket.requestStream({ data: numbers(count, bytes), metadata: encodeRoute('ticks') }).subscribe({
      onSubscribe: (subscription) => subscription.request(EVERYTHING),
      onNext: (item) => each(item.data),
      onComplete: done,
      onError: fatal,
    })
  }

  #request(route, data, done) {
    this.#socket.requestResponse({ data, metadata: encodeRoute(route) }).subscribe({
      onComplete: (reply) => done(reply.data),
      onError: fatal,
    })
  }
}

function numbers(...values) {
  const data = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) data.writeUInt32LE(value, 4 * index)
  return data
}
