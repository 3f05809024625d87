// muxrpc as its README shows it: a manifest on both sides, net sockets turned into pull-streams, callbacks. A stream is a
// sink. Nothing holds a source or a sink back, so that writers wait for the socket. It has no way of learning that the
// other side has ended too: a duplex that has read the end does not send its own, a sink calls back without waiting.

import Muxrpc from 'muxrpc'
import pull from 'pull-stream'
import toPull from 'stream-to-pull-stream'
import { bigBytes, fatal, overSockets, tickBytes } from './service.mjs'
import { asBuffer, Pacer, pullsFlow } from './streams.mjs'

const manifest = { echo: 'async', big: 'async', ticks: 'source', sink: 'sink', stuck: 'sink' }

const api = (meter) => ({
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

  sink() {
    const number = meter.opened()
    // The connection ends one day; the dialling side says when it should not have.
    return pull.drain(
      (chunk) => meter.add(number, chunk.length),
      () => {},
    )
  },

  // It never asks for anything.
  stuck: () => () => {},
})

export function serve(duplex, meter) {
  attach(Muxrpc(null, manifest, api(meter)), duplex)
}

export async function client(duplex) {
  const remote = Muxrpc(manifest, null)
  attach(remote, duplex)
  await pullsFlow()
  return new Remote(remote, Pacer.over(duplex))
}

export const adapter = overSockets(serve, client)

function attach(rpc, duplex) {
  const stream = toPull.duplex(duplex)
  pull(stream, rpc.stream, stream)
}

class Remote {
  passes = 'text'
  #remote
  #pacer

  constructor(remote, pacer) {
    this.#remote = remote
    this.#pacer = pacer
  }

  open(ready) {
    return this.#outlet(this.#remote.sink(), ready)
  }

  stuck(ready) {
    return this.#outlet(this.#remote.stuck(), ready)
  }

  call(body, done) {
    this.#remote.echo(body, (error, reply) => (error ? fatal(error) : done(reply)))
  }

  big(bytes, done) {
    this.#remote.big(bytes, (error, result) => (error ? fatal(error) : done(result)))
  }

  ticks(count, bytes, each, done) {
    pull(
      this.#remote.ticks(count, bytes),
      pull.drain(each, (error) => (error ? fatal(error) : done())),
    )
  }

  #outlet(sink, ready) {
    const pacer = this.#pacer
    let give
    // It asks for the next chunk as soon as it has one.
    sink((abort, callback) => {
      if (abort) fatal(abort)
      else give = callback
    })
    return {
      write(chunk) {
        give(null, asBuffer(chunk))
        return pacer.more(ready)
      },
    }
  }
}
