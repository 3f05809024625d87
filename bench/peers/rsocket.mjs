// rsocket-js 0.0.27 as its examples show it: TCP with BufferEncoders, the method as a route in the metadata, a Single
// for a call, a Flowable for a stream of which the client asks for everything at once.

import { once } from 'node:events'
import { createServer } from 'node:net'
import core from 'rsocket-core'
import { Flowable, Single } from 'rsocket-flowable'
import tcpClient from 'rsocket-tcp-client'
import tcpServer from 'rsocket-tcp-server'
import { bigBytes, fatal, HOST, tickBytes } from './service.mjs'

const { BufferEncoders, decodeRoutes, encodeRoute, MESSAGE_RSOCKET_ROUTING, RSocketClient, RSocketServer } = core
const EVERYTHING = 0x7fffffff

const calls = {
  echo: (data) => data,
  big: (data) => bigBytes(data.readUInt32LE()),
}

const handler = {
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
}

export const adapter = {
  async listen() {
    let server
    const serverFactory = (serve) => {
      server = createServer({ noDelay: true }, serve)
      return server
    }
    const transport = new tcpServer.default({ host: HOST, port: 0, serverFactory }, BufferEncoders)
    new RSocketServer({ transport, getRequestHandler: () => handler }).start()
    await once(server, 'listening')
    return server.address().port
  },

  async dial(port) {
    const transport = new tcpClient.default({ host: HOST, port, noDelay: true }, BufferEncoders)
    const setup = {
      keepAlive: 60_000,
      lifetime: 180_000,
      dataMimeType: 'application/octet-stream',
      metadataMimeType: MESSAGE_RSOCKET_ROUTING.string,
    }
    const client = new RSocketClient({ setup, transport })
    return new Promise((resolve, reject) => {
      client.connect().subscribe({ onComplete: (socket) => resolve(new Remote(socket)), onError: reject })
    })
  },
}

class Remote {
  passes = 'buffer'
  #socket

  constructor(socket) {
    this.#socket = socket
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
