// capnweb as its README shows it on Node: an RpcTarget behind a WebSocket of `ws`, a stub on the other side, and a
// ReadableStream as the result where items flow.

import { newWebSocketRpcSession, RpcTarget } from 'capnweb'
import { WebSocket } from 'ws'
import { bigText, fatal, tickText } from './service.mjs'
import { overWebSockets } from './web-socket.mjs'

// It reads constants off the global, which Node has from 22 on.
globalThis.WebSocket ??= WebSocket

class Api extends RpcTarget {
  #meter

  constructor(meter) {
    super()
    this.#meter = meter
  }

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

  sink() {
    const number = this.#meter.opened()
    return new WritableStream({ write: (chunk) => this.#meter.add(number, chunk.length) })
  }

  stuck() {
    return new WritableStream({ write: () => new Promise(() => {}) })
  }

  churn() {
    return new WritableStream({})
  }
}

export const adapter = overWebSockets(
  (socket, meter) => newWebSocketRpcSession(socket, new Api(meter)),
  (socket) => new Remote(newWebSocketRpcSession(socket)),
)

class Remote {
  passes = 'text'
  #stub

  constructor(stub) {
    this.#stub = stub
  }

  async open(ready) {
    return outlet(await this.#stub.sink(), ready)
  }

  async stuck(ready) {
    return outlet(await this.#stub.stuck(), ready)
  }

  churn(done) {
    this.#churn().then(done, fatal)
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

  async #churn() {
    const writer = (await this.#stub.churn()).getWriter()
    writer.write(Buffer.of(0)).catch(fatal)
    await writer.close()
  }

  async #take(count, bytes, each) {
    const stream = await this.#stub.ticks(count, bytes)
    for await (const item of stream) each(item)
  }
}

function outlet(stream, ready) {
  const writer = stream.getWriter()
  return {
    write(chunk) {
      writer.write(chunk).catch(fatal)
      if (writer.desiredSize > 0) return true
      writer.ready.then(ready, fatal)
      return false
    },
  }
}
