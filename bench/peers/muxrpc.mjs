// muxrpc as its README shows it: a manifest on both sides, net sockets turned into pull-streams, callbacks.

import Muxrpc from 'muxrpc'
import pull from 'pull-stream'
import toPull from 'stream-to-pull-stream'
import { bigBytes, dialTcp, fatal, listenTcp, tickBytes } from './service.mjs'

const manifest = { echo: 'async', big: 'async', ticks: 'source' }

const api = {
  echo(text, callback) {
    callback(null, text)
  },

  big(bytes, callback) {
    callback(null, bigBytes(bytes))
  },

  ticks(count, bytes) {
    return pull(
      pull.infinite(() => tickBytes(bytes)),
      pull.take(count),
    )
  },
}

export const adapter = {
  listen: () => listenTcp((socket) => attach(Muxrpc(null, manifest, api), socket)),

  async dial(port) {
    const client = Muxrpc(manifest, null)
    attach(client, await dialTcp(port))
    return new Remote(client)
  },
}

function attach(rpc, socket) {
  const stream = toPull.duplex(socket)
  pull(stream, rpc.stream, stream)
}

class Remote {
  passes = 'text'
  #client

  constructor(client) {
    this.#client = client
  }

  call(body, done) {
    this.#client.echo(body, (error, reply) => (error ? fatal(error) : done(reply)))
  }

  big(bytes, done) {
    this.#client.big(bytes, (error, result) => (error ? fatal(error) : done(result)))
  }

  ticks(count, bytes, each, done) {
    pull(
      this.#client.ticks(count, bytes),
      pull.drain(each, (error) => (error ? fatal(error) : done())),
    )
  }
}
