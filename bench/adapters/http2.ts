// `node:http2` without TLS: a stream is a request whose body flows, a call is a POST and its reply.
// `window` raises the stream and the connection window on both sides; undefined leaves the defaults.

import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientSessionOptions,
  connect,
  createServer,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2'
import type { Adapter, Dialled, Meter, Outlet, Raised } from '../adapter.ts'

const HOST = '127.0.0.1'

export function http2(window: number | undefined): Adapter {
  return {
    async listen(meter, raised) {
      const server = createServer(options(window, raised))
      server.on('session', (session) => {
        if (window !== undefined) session.setLocalWindowSize(window)
      })
      server.on('stream', (stream, headers) => {
        if (headers[':path'] === '/call') echo(stream)
        else sink(stream, meter)
      })
      server.listen(0, HOST)
      await once(server, 'listening')
      const address = server.address()
      return address !== null && typeof address === 'object' ? address.port : 0
    },

    async dial(port, raised) {
      const session = connect(`http://${HOST}:${port}`, options(window, raised))
      session.on('error', fatal)
      // The documentation asks to wait for the peer's settings before relying on its limits.
      await once(session, 'remoteSettings')
      if (window !== undefined) session.setLocalWindowSize(window)
      return new Requests(session)
    },
  }
}

function options(window: number | undefined, raised: Raised): ServerOptions & ClientSessionOptions {
  const streams = raised.maxConcurrentStreams
  const memory = raised.maxSessionMemory
  return {
    settings: {
      ...(window === undefined ? {} : { initialWindowSize: window }),
      ...(streams === undefined ? {} : { maxConcurrentStreams: streams }),
    },
    ...(streams === undefined ? {} : { peerMaxConcurrentStreams: streams }),
    ...(memory === undefined ? {} : { maxSessionMemory: memory }),
  }
}

function sink(stream: ServerHttp2Stream, meter: Meter): void {
  const number = meter.opened()
  stream.on('error', fatal)
  stream.on('data', (chunk: Buffer) => meter.add(number, chunk.length))
}

function echo(stream: ServerHttp2Stream): void {
  whole(stream, (body) => {
    stream.respond({ ':status': 200 })
    stream.end(body)
  })
}

class Requests implements Dialled {
  readonly #session: ClientHttp2Session

  constructor(session: ClientHttp2Session) {
    this.#session = session
  }

  open(ready: () => void): Outlet {
    const request = this.#session.request({ ':method': 'POST', ':path': '/sink' })
    request.on('error', fatal)
    request.on('drain', ready)
    return request
  }

  call(body: Uint8Array, done: (reply: Uint8Array) => void): void {
    const request = this.#session.request({ ':method': 'POST', ':path': '/call' })
    whole(request, done)
    request.end(body)
  }
}

/** Collects a body; a small one comes in one piece. */
function whole(stream: NodeJS.ReadableStream, done: (body: Uint8Array) => void): void {
  const pieces: Buffer[] = []
  stream.on('error', fatal)
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  stream.on('end', () => done(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)))
}

function fatal(error: Error): never {
  throw error
}
