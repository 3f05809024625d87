// protomux-rpc as its README shows it: over a framed stream, which over TCP is framed-stream; values are Buffers.
// It has no streaming.

import FramedStream from 'framed-stream'
import ProtomuxRPC from 'protomux-rpc'
import { bigBytes, dialTcp, fatal, listenTcp } from './service.mjs'

export const adapter = {
  listen: () =>
    listenTcp((socket) => {
      const rpc = new ProtomuxRPC(new FramedStream(socket))
      rpc.respond('echo', (body) => body)
      rpc.respond('big', (request) => bigBytes(request.readUInt32LE()))
    }),

  async dial(port) {
    const rpc = new ProtomuxRPC(new FramedStream(await dialTcp(port)))
    await rpc.fullyOpened()
    return new Remote(rpc)
  },
}

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
