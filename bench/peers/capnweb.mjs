// capnweb as its README shows it on Node: an RpcTarget behind a WebSocket of `ws`, a stub on the other side, and a
// ReadableStream as the result where items flow.

import { newWebSocketRpcSession, RpcTarget } from 'capnweb'
import { WebSocket } from 'ws'
import { bigText, fatal, tickText } from './service.mjs'
import { dialWebSocket, listenWebSocket } from './web-socket.mjs'

// It reads constants off the global, which Node has from 22 on.
globalThis.WebSocket ??= WebSocket

class Api extends RpcTarget {
  echo(text) {
    return text
  }

  big(bytes) {
    return bigText(bytes)
  }

  ticks(count, bytes) {
    let sent = 0
    return new ReadableStream({
      pull(controller) {
        controller.enqueue(tickText(bytes))
        if (++sent === count) controller.close()
      },
    })
  }
}

export const adapter = {
  listen: () => listenWebSocket((socket) => newWebSocketRpcSession(socket, new Api())),

  async dial(port) {
    return new Remote(newWebSocketRpcSession(await dialWebSocket(port)))
  },
}

class Remote {
  passes = 'text'
  #stub

  constructor(stub) {
    this.#stub = stub
  }

  call(body, done) {
    this.#stub.echo(body).then(done, fatal)
  }

  big(bytes, done) {
    this.#stub.big(bytes).then(done, fatal)
  }

  ticks(count, bytes, each, done) {
    this.#take(count, bytes, each).then(done, fatal)
  }

  async #take(count, bytes, each) {
    const stream = await this.#stub.ticks(count, bytes)
    for await (const item of stream) each(item)
  }
}
