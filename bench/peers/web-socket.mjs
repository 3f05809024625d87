// WebSockets for the peers that speak over them: `ws` with its defaults, a server on a free port of loopback.

import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'
import { HOST } from './service.mjs'

export async function listenWebSocket(serve) {
  const server = new WebSocketServer({ port: 0, host: HOST })
  server.on('connection', serve)
  await once(server, 'listening')
  return server.address().port
}

export async function dialWebSocket(port) {
  const socket = new WebSocket(`ws://${HOST}:${port}`)
  await once(socket, 'open')
  return socket
}
