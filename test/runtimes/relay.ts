// A relay for the WebSockets of a runtime: hands on between the two ends of a pair what each sends, and breaks one of them when told.
// At an HTTP server that somebody else made.

import type { Server } from 'node:http'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'

interface Half {
  readonly socket: WebSocket
  other: WebSocket | undefined
  /** What came before the other end. */
  readonly early: RawData[]
}

/** Answers `/relay/<pair>/<end>` with a WebSocket, and `/cut/<pair>/<end>`, for which the function it returns is to be asked. */
export function relay(server: Server): (url: string) => boolean {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 2 ** 27 })
  const halves = new Map<string, Half>()
  server.on('upgrade', (request, stream, head) => {
    const [, where, pair, end] = (request.url ?? '').split('/')
    if (where !== 'relay') return void stream.destroy()
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const own: Half = { socket, other: undefined, early: [] }
      halves.set(`${pair}/${end}`, own)
      join(own, halves.get(`${pair}/${end === 'near' ? 'far' : 'near'}`))
      socket.on('message', (data) => {
        if (own.other === undefined) own.early.push(data)
        else own.other.send(data)
      })
      socket.on('error', () => {})
      socket.on('close', (code, reason) => {
        halves.delete(`${pair}/${end}`)
        // 1005 and above up to 1015 are never sent.
        if (code === 1000 || code >= 3000) own.other?.close(code, reason)
        else if (code === 1005) own.other?.close()
        else own.other?.terminate()
      })
    })
  })
  return (url) => {
    const [, where, pair, end] = url.split('/')
    const half = where === 'cut' ? halves.get(`${pair}/${end}`) : undefined
    half?.socket.terminate()
    return where === 'cut'
  }
}

function join(own: Half, other: Half | undefined): void {
  if (other === undefined) return
  own.other = other.socket
  other.other = own.socket
  for (const data of other.early.splice(0)) own.socket.send(data)
}
