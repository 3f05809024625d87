// Plain sockets as most people write to them: one `write` a message.

import type { Duplex } from 'node:stream'
import { type Manner, plain } from './plain.ts'

export const unbatched: Manner = {
  messages: (socket: Duplex) => (body) => void socket.write(framed(body)),

  chunks(socket, ready) {
    socket.on('drain', ready)
    return socket
  },
}

export const sockets = plain(unbatched)

function framed(body: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(4 + body.length)
  message.writeUInt32LE(body.length, 0)
  message.set(body, 4)
  return message
}
