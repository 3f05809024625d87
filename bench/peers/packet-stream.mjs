// packet-stream with its codec, joined to the connection by the pull-streams of muxrpc, for which both were made.
// Requests are its own. Streams of it hold nobody back, so that writers wait for the socket; their first packet says what
// they are for.

import pullWeird from 'muxrpc/pull-weird.js'
import packets from 'packet-stream'
import codec from 'packet-stream-codec'
import pull from 'pull-stream'
import toPull from 'stream-to-pull-stream'
import { fatal, overSockets } from './service.mjs'
import { asBuffer, first, KIND, Pacer, pullsFlow } from './streams.mjs'

const accept = {
  [KIND.sink](_stream, meter) {
    const number = meter.opened()
    return (chunk, end) => end || meter.add(number, chunk.length)
  },

  // Who does not read has to keep what comes.
  [KIND.stuck]() {
    const kept = []
    return (chunk, end) => end || kept.push(chunk)
  },

  [KIND.churn]: (stream) => (_chunk, end) => stream.write(null, end),
}

export function serve(duplex, meter) {
  const request = (body, callback) => callback(null, body)
  const stream = (stream) => {
    stream.read = ([kind]) => {
      stream.read = accept[kind](stream, meter)
    }
  }
  attach(packets({ request, stream }), duplex)
}

export async function client(duplex) {
  const stream = packets({})
  attach(stream, duplex)
  await pullsFlow()
  return new Client(stream, Pacer.over(duplex))
}

export const adapter = overSockets(serve, client)

function attach(stream, duplex) {
  const ends = toPull.duplex(duplex)
  pull(ends, codec(pullWeird(stream)), ends)
}

class Client {
  passes = 'buffer'
  #packets
  #pacer

  constructor(stream, pacer) {
    this.#packets = stream
    this.#pacer = pacer
  }

  open(ready) {
    return this.#outlet('sink', ready)
  }

  stuck(ready) {
    return this.#outlet('stuck', ready)
  }

  churn(done) {
    const stream = this.#packets.stream()
    stream.read = (_chunk, end) => end && done()
    stream.write(first('churn'))
    stream.end()
  }

  call(body, done) {
    this.#packets.request(body, (error, reply) => (error ? fatal(error) : done(reply)))
  }

  #outlet(kind, ready) {
    const stream = this.#packets.stream()
    const pacer = this.#pacer
    stream.write(first(kind))
    return {
      write(chunk) {
        stream.write(asBuffer(chunk))
        return pacer.more(ready)
      },
    }
  }
}
