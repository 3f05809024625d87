// birpc as its README shows it: over a WebSocket of `ws`, JSON as the serializer. It has no streaming.

import { createBirpc } from 'birpc'
import { bigText, fatal } from './service.mjs'
import { overWebSockets } from './web-socket.mjs'

const functions = {
  echo(text) {
    return text
  },

  big(bytes) {
    return bigText(bytes)
  },
}

export const adapter = overWebSockets(
  (socket) => connect(functions, socket),
  (socket) => new Remote(connect({}, socket)),
)

function connect(exposed, socket) {
  return createBirpc(exposed, {
    post: (data) => socket.send(data),
    on: (take) => socket.on('message', take),
    serialize: (value) => JSON.stringify(value),
    deserialize: (value) => JSON.parse(value),
  })
}

class Remote {
  passes = 'text'
  #rpc

  constructor(rpc) {
    this.#rpc = rpc
  }

  call(body, done) {
    this.#rpc.echo(body).then(done, fatal)
  }

  big(bytes, done) {
    this.#rpc.big(bytes).then(done, fatal)
  }
}
