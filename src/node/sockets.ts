// What a socket tells of its two ends. Opens and reads none.

import type { Socket } from 'node:net'

/** Both ends, which tell a connection from all others: from one port somebody may dial several addresses of this machine. */
export function endsOf(socket: Socket): string {
  return `${socket.localAddress} ${remoteOf(socket)}`
}

/** Host and port of the other end, as URLs have them. */
export function remoteOf({ remoteAddress = '', remotePort }: Socket): string {
  return `${remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`
}

/** Whether it is of this machine at both ends: what does not leave it, nobody else can read or change. */
export function staysHere({ remoteAddress = '' }: Socket): boolean {
  return /^(127\.|::1$|::ffff:127\.)/.test(remoteAddress)
}
