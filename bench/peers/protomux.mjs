// protomux as its readme shows it: over a framed stream, which over TCP is framed-stream; a channel a stream, paired by
// protocol and id. A channel has no halves, so that an end is a message, answered by closing. It has no calls of its own
// either (protomux-rpc adds them): a channel each.

import c from 'compact-encoding'
import FramedStream from 'framed-stream'
import Protomux from 'protomux'
import { overSockets } from './service.mjs'

const DATA = 0
const END = 1

const accept = {
  sink(_channel, meter) {
    const number = meter.opened()
    return [(chunk) => meter.add(number, chunk.length)]
  },

  // Nothing holds the other side back: who does not read has to keep what comes.
  stuck() {
    const kept = []
    return [(chunk) => kept.push(chunk)]
  },

  churn: (channel) => [() => {}, () => channel.close()],

  call: (channel) => [(body) => channel.messages[DATA].send(body)],
}

export function serve(duplex, meter) {
  const mux = new Protomux(new FramedStream(duplex))
  for (const [protocol, handlers] of Object.entries(accept)) {
    mux.pair({ protocol }, (id) => {
      const channel = mux.createChannel({ protocol, id })
      for (const onmessage of handlers(channel, meter)) channel.addMessage({ encoding: c.raw, onmessage })
      channel.open()
    })
  }
}

export function client(duplex) {
  return new Client(new Protomux(new FramedStream(duplex)))
}

export const adapter = overSockets(serve, client)

class Client {
  passes = 'buffer'
  #mux
  #ids = 0

  constructor(mux) {
    this.#mux = mux
  }

  open(ready) {
    return this.#outlet('sink', ready)
  }

  stuck(ready) {
    return this.#outlet('stuck', ready)
  }

  churn(done) {
    const channel = this.#open('churn', { onclose: done })
    channel.messages[DATA].send(Buffer.of(0))
    channel.messages[END].send(Buffer.alloc(0))
  }

  call(body, done) {
    const channel = this.#open('call', {}, (reply) => {
      done(reply)
      channel.close()
    })
    channel.messages[DATA].send(body)
  }

  #outlet(protocol, ready) {
    let full = false
    const ondrain = () => {
      if (!full) return
      full = false
      // Filling it again at once, it would never let the event loop turn.
      setImmediate(ready)
    }
    const message = this.#open(protocol, { ondrain }).messages[DATA]
    return {
      write(chunk) {
        full = !message.send(chunk)
        return !full
      },
    }
  }

  #open(protocol, events, onmessage) {
    const id = Buffer.allocUnsafe(4)
    id.writeUInt32LE(++this.#ids)
    const channel = this.#mux.createChannel({ protocol, id, ...events })
    channel.addMessage({ encoding: c.raw, onmessage })
    channel.addMessage({ encoding: c.raw })
    channel.open()
    return channel
  }
}
