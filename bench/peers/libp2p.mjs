// What yamux and mplex have in common: libp2p's stream muxers without libp2p, over a connection class of the kind its
// TCP transport has. Streams have no names there, so that their first byte says what they are for. No calls: a stream
// each.

import { defaultLogger } from '@libp2p/logger'
import { AbstractMultiaddrConnection } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { fatal } from './service.mjs'
import { first, KIND } from './streams.mjs'

// Both use it; Node has it from 22 on.
Promise.withResolvers ??= () => {
  const made = {}
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }))
  return made
}

const logger = defaultLogger()
const ADDRESS = multiaddr('/ip4/127.0.0.1/tcp/1')

/** `serve` and `client` of a muxer: `make(raised)` returns its factory. */
export function muxed(make) {
  const muxerOver = (duplex, direction, raised) => make(raised).createStreamMuxer(new Connection(duplex, direction))
  return {
    serve(duplex, meter, raised) {
      const muxer = muxerOver(duplex, 'inbound', raised)
      muxer.addEventListener('stream', ({ detail: stream }) => accept(stream, meter))
    },
    client: (duplex, raised) => new Client(muxerOver(duplex, 'outbound', raised)),
  }
}

class Connection extends AbstractMultiaddrConnection {
  #duplex

  constructor(duplex, direction) {
    super({ remoteAddr: ADDRESS, direction, log: logger.forComponent('bench') })
    this.#duplex = duplex
    duplex.on('data', (chunk) => this.onData(chunk))
    duplex.on('drain', () => this.safeDispatchEvent('drain'))
    duplex.on('close', () => this.onTransportClosed())
    duplex.on('error', (error) => this.abort(error))
  }

  sendData(list) {
    let sentBytes = 0
    let canSendMore = true
    for (const piece of list) {
      sentBytes += piece.byteLength
      canSendMore = this.#duplex.write(piece)
      if (!canSendMore) break
    }
    return { sentBytes, canSendMore }
  }

  async sendClose() {
    this.#duplex.end()
  }

  sendReset() {
    this.#duplex.destroy()
  }

  sendPause() {
    this.#duplex.pause()
  }

  sendResume() {
    this.#duplex.resume()
  }
}

function accept(stream, meter) {
  let take
  stream.addEventListener('message', ({ data }) => {
    if (take !== undefined) return take(data)
    take = takers[data.subarray(0, 1)[0]](stream, meter)
    if (data.byteLength > 1) take(data.subarray(1))
  })
}

const takers = {
  [KIND.sink](_stream, meter) {
    const number = meter.opened()
    return (data) => meter.add(number, data.byteLength)
  },

  [KIND.stuck](stream) {
    stream.pause()
    return () => {}
  },

  [KIND.churn](stream) {
    closeInTurn(stream)
    return () => {}
  },

  [KIND.call](stream) {
    closeInTurn(stream)
    return (body) => stream.send(body)
  },
}

/** Streams are open by halves: the listening side ends its own when it has read the end. */
function closeInTurn(stream) {
  const close = () => stream.close().catch(fatal)
  if (stream.remoteWriteStatus === 'closed') close()
  else stream.addEventListener('remoteCloseWrite', close)
}

class Client {
  #muxer

  constructor(muxer) {
    this.#muxer = muxer
  }

  async open(ready) {
    return new Outlet(await this.#opened('sink'), ready)
  }

  async stuck(ready) {
    return new Outlet(await this.#opened('stuck'), ready)
  }

  churn(done) {
    this.#opened('churn').then((stream) => {
      stream.addEventListener('close', ({ error }) => (error ? fatal(error) : done()))
      return stream.close()
    }, fatal)
  }

  call(body, done) {
    this.#muxer.createStream().then((stream) => {
      stream.addEventListener('message', ({ data }) => done(data.subarray()))
      const request = Buffer.allocUnsafe(1 + body.length)
      request[0] = KIND.call
      request.set(body, 1)
      stream.send(request)
      return stream.close()
    }, fatal)
  }

  async #opened(kind) {
    const stream = await this.#muxer.createStream()
    stream.send(first(kind))
    return stream
  }
}

class Outlet {
  #stream
  #ready
  #full = false

  constructor(stream, ready) {
    this.#stream = stream
    this.#ready = ready
    // A microtask, because the stream itself sends what it kept in one after `drain`, and cannot send while it says `idle`.
    const look = () => queueMicrotask(() => this.#look())
    stream.addEventListener('drain', look)
    stream.addEventListener('idle', look)
  }

  write(chunk) {
    // mplex gives a stream up that is not read.
    if (this.#stream.status !== 'open') return false
    this.#full = !this.#stream.send(chunk)
    return !this.#full
  }

  /** Every stream is told when the connection has drained, also those with an exhausted window of their own. */
  #look() {
    if (!this.#full || this.#stream.writableNeedsDrain || this.#stream.writeBufferLength > 0) return
    this.#full = false
    this.#ready()
  }
}
