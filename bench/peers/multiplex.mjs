// multiplex as its readme shows it: piped into the connection and back, a channel a stream, told apart by their names.
// It has no calls: a channel each.

import multiplex from 'multiplex'
import { overSockets } from './service.mjs'
import { asBuffer } from './streams.mjs'

const accept = {
  sink(channel, meter) {
    const number = meter.opened()
    channel.on('data', (chunk) => meter.add(number, chunk.length))
  },

  stuck() {},

  // A channel ends its own half when it has read the end of the other.
  churn(channel) {
    channel.resume()
  },

  call(channel) {
    channel.on('data', (body) => channel.write(body))
  },
}

export function serve(duplex, meter) {
  attach(
    multiplex((channel, name) => accept[name](channel, meter)),
    duplex,
  )
}

export function client(duplex) {
  const plex = multiplex()
  attach(plex, duplex)
  return new Client(plex)
}

export const adapter = overSockets(serve, client)

/** Also what rpc-stream is piped over, hence exported. */
export function attach(plex, duplex) {
  plex.pipe(duplex).pipe(plex)
}

class Client {
  passes = 'buffer'
  #plex

  constructor(plex) {
    this.#plex = plex
  }

  open(ready) {
    return outlet(this.#plex.createStream('sink'), ready)
  }

  stuck(ready) {
    return outlet(this.#plex.createStream('stuck'), ready)
  }

  churn(done) {
    const channel = this.#plex.createStream('churn')
    channel.on('end', done)
    channel.resume()
    channel.end(Buffer.of(0))
  }

  call(body, done) {
    const channel = this.#plex.createStream('call')
    channel.on('data', done)
    channel.end(body)
  }
}

function outlet(channel, ready) {
  // It is drained inside a loop of multiplex's own that would never end if it were filled again at once.
  channel.on('drain', () => process.nextTick(ready))
  return { write: (chunk) => channel.write(asBuffer(chunk)) }
}
