// WebSockets for the peers that speak over them: `ws` with its defaults.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { WebSocket, WebSocketServer } from 'ws'
import { listening } from './service.mjs'

/** As overSockets of service.mjs, with a WebSocket in place of a Duplex, and no way to do without a kernel. */
export function overWebSockets(serve, client) {
  return {
    listen(meter, raised, where) {
      const server = createServer()
      new WebSocketServer({ server }).on('connection', (socket) => serve(socket, meter, raised))
      return listening(server, where)
    },

    async dial(where, raised) {
      const socket = new WebSocket('path' in where ? `ws+unix:${where.path}:/` : `ws://${where.host}:${where.port}`)
      await once(socket, 'open')
      return client(socket, raised)
    },
  }
}
