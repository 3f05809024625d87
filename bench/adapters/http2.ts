// `node:http2` without TLS: a stream is a request whose body flows, a call is a POST and its reply.
// `window` raises the stream and the connection window on both sides; undefined leaves the defaults.

import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionOptions,
  connect,
  createServer,
  type Http2Server,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2'
import { connect as connectSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Adapter, Dialled, Meter, Outlet, Raised } from '../adapter.ts'
import { fatal } from '../fatal.ts'
import { duplexPair } from '../memory.ts'

const BYTE = Uint8Array.of(0)

export function http2(window: number | undefined): Adapter {
  return {
    async listen(meter, raised, where) {
      const server = serverOf(meter, window, raised)
      server.listen(where)
      await once(server, 'listening')
      const address = server.address()
      return address !== null && typeof address === 'object' ? { host: address.address, port: address.port } : where
    },

    dial: (where, raised) => requests(() => connectSocket({ ...where, noDelay: true }), window, raised),

    pair(meter, raised) {
      const [near, far] = duplexPair()
      serverOf(meter, window, raised).emit('connection', far)
      return requests(() => near, window, raised)
    },
  }
}

function serverOf(meter: Meter, window: number | undefined, raised: Raised): Http2Server {
  const server = createServer(options(window, raised))
  server.on('session', (session) => {
    if (window !== undefined) session.setLocalWindowSize(window)
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', fatal)
    const path = headers[':path']
    if (path === '/call') echo(stream)
    else if (path === '/sink') sink(stream, meter)
    else if (path === '/churn') farewell(stream)
  })
  return server
}

async function requests(socket: () => Duplex, window: number | undefined, raised: Raised): Promise<Requests> {
  const session = connect('http://localhost', { ...options(window, raised), createConnection: socket })
  session.on('error', fatal)
  // The documentation asks to wait for the peer's settings before relying on its limits.
  await once(session, 'remoteSettings')
  if (window !== undefined) session.setLocalWindowSize(window)
  return new Requests(session)
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
  stream.on('data', (chunk: Buffer) => meter.add(number, chunk.length))
}

function echo(stream: ServerHttp2Stream): void {
  whole(stream, (body) => {
    stream.respond({ ':status': 200 })
    stream.end(body)
  })
}

/** Ended when the other side has ended, and not before. */
function farewell(stream: ServerHttp2Stream): void {
  whole(stream, () => stream.respond({ ':status': 200 }, { endStream: true }))
}

class Requests implements Dialled {
  readonly #session: ClientHttp2Session

  constructor(session: ClientHttp2Session) {
    this.#session = session
  }

  open(ready: () => void): Outlet {
    return this.#post('/sink').on('drain', ready)
  }

  stuck(ready: () => void): Outlet {
    return this.#post('/stuck').on('drain', ready)
  }

  churn(done: () => void): void {
    const request = this.#post('/churn')
    request.on('end', done)
    request.resume()
    request.end(BYTE)
  }

  call(body: Uint8Array, done: (reply: Uint8Array) => void): void {
    const request = this.#post('/call')
    whole(request, done)
    request.end(body)
  }

  #post(path: string): ClientHttp2Stream {
    const request = this.#session.request({ ':method': 'POST', ':path': path })
    request.on('error', fatal)
    return request
  }
}

/** Collects a body; a small one comes in one piece. */
function whole(stream: NodeJS.ReadableStream, done: (body: Uint8Array) => void): void {
  const pieces: Buffer[] = []
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  stream.on('end', () => done(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)))
}
