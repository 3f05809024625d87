// protomux-rpc as its README shows it: over a framed stream, which over TCP is framed-stream; values are Buffers.
// It has no streaming.

import FramedStream from 'framed-stream'
import ProtomuxRPC from 'protomux-rpc'
import { bigBytes, fatal, overSockets } from './service.mjs'

export function serve(duplex) {
  const rpc = new ProtomuxRPC(new FramedStream(duplex))
  rpc.respond('echo', (body) => body)
  rpc.respond('big', (request) => bigBytes(request.readUInt32LE()))
}

export async function client(duplex) {
  const rpc = new ProtomuxRPC(new FramedStream(duplex))
  await rpc.fullyOpened()
  return new Remote(rpc)
}

export const adapter = overSockets(serve, client)

class Remote {
  passes = 'buffer'
  #rpc

  constructor(rpc) {
    this.#rpc = rpc
  }

  call(body, done) {
    this.#rpc.request('echo', body).then(done, fatal)
  }

  big(bytes, done) {
    const request = Buffer.alloc(4)
    request.writeUInt32LE(bytes)
    this.#rpc.request('big', request).then(done, fatal)
  }
}
