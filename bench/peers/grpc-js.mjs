// grpc-js as its basics tutorial shows it: a .proto file by proto-loader, an insecure channel, callbacks.

import { fileURLToPath } from 'node:url'
import grpc from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { bigBytes, fatal, tickBytes } from './service.mjs'

const definition = loadSync(fileURLToPath(new URL('service.proto', import.meta.url)), {
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
})
const { Bench } = grpc.loadPackageDefinition(definition).bench

export const adapter = {
  listen(meter, _raised, where) {
    const server = new grpc.Server()
    const sink = (call) => {
      const number = meter.opened()
      call.on('data', (chunk) => meter.add(number, chunk.data.length))
    }
    server.addService(Bench.service, { echo, big, ticks, sink, stuck() {}, churn })
    return new Promise((resolve, reject) => {
      server.bindAsync(address(where), grpc.ServerCredentials.createInsecure(), (error, port) => {
        if (error) reject(error)
        else resolve('path' in where ? where : { ...where, port })
      })
    })
  },

  async dial(where) {
    const client = new Bench(address(where), grpc.credentials.createInsecure())
    await new Promise((resolve, reject) => {
      client.waitForReady(Date.now() + 10_000, (error) => (error ? reject(error) : resolve()))
    })
    return new Remote(client)
  },
}

function address(where) {
  return 'path' in where ? `unix:${where.path}` : `${where.host}:${where.port}`
}

/** Answers at the end, by which the stream ends on this side too. */
function churn(call, callback) {
  call.on('end', () => callback(null, {}))
  call.resume()
}

function echo(call, callback) {
  callback(null, { data: call.request.data })
}

function big(call, callback) {
  callback(null, { data: bigBytes(call.request.bytes) })
}

function ticks(call) {
  const { count, bytes } = call.request
  let sent = 0
  const push = () => {
    while (sent < count) {
      sent++
      if (call.write({ data: tickBytes(bytes) })) continue
      call.once('drain', push)
      return
    }
    call.end()
  }
  push()
}

class Remote {
  passes = 'buffer'
  #client

  constructor(client) {
    this.#client = client
  }

  open(ready) {
    return outlet(this.#client.sink(fatal), ready)
  }

  stuck(ready) {
    return outlet(this.#client.stuck(fatal), ready)
  }

  churn(done) {
    const stream = this.#client.churn((error) => (error ? fatal(error) : done()))
    stream.write({ data: Buffer.of(0) })
    stream.end()
  }

  call(body, done) {
    this.#client.echo({ data: body }, (error, reply) => (error ? fatal(error) : done(reply.data)))
  }

  big(bytes, done) {
    this.#client.big({ bytes }, (error, reply) => (error ? fatal(error) : done(reply.data)))
  }

  ticks(count, bytes, each, done) {
    const stream = this.#client.ticks({ count, bytes })
    stream.on('data', (item) => each(item.data))
    stream.on('end', done)
    stream.on('error', fatal)
  }
}

function outlet(stream, ready) {
  stream.on('drain', ready)
  return { write: (chunk) => stream.write({ data: chunk }) }
}
