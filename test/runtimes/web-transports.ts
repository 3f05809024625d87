// What browsers, and other runtimes with the same globals, have for transports: the WebSocket of the runtime and message ports, as the
// conformance suite takes them.

import { messagePort, type PortLike } from 'braidwire/transport/message-port'
import { type WebSocketLike, webSocketTransport } from 'braidwire/transport/websocket'
import { CUTTING, caseNames, type TransportSubject } from '../conformance/transport.ts'

interface Socket extends WebSocketLike {
  onopen: (() => void) | null
  onerror: (() => void) | null
}

/** Not in every runtime. */
export const globals = globalThis as unknown as {
  readonly WebSocket?: new (url: string, protocol: string) => Socket
  readonly MessageChannel?: new () => { readonly port1: PortLike; readonly port2: PortLike }
  readonly fetch: (url: string) => Promise<unknown>
}

/** Two WebSockets of the runtime that a relay joins to each other (relay.ts); `origin` is where that listens. */
export function webSocketSubject(origin: string): TransportSubject {
  let pairs = 0
  const own = Math.random().toString(36).slice(2)
  return {
    name: 'WebSocket of the runtime',
    async pair() {
      const pair = `${own}${++pairs}`
      const [near, far] = await Promise.all(
        ['near', 'far'].map((end) => opened(`${origin.replace(/^http/, 'ws')}/relay/${pair}/${end}`)),
      )
      return {
        near: webSocketTransport(near!),
        far: webSocketTransport(far!),
        cut: (end) => globals.fetch(`${origin}/cut/${pair}/${end}`),
      }
    },
    cannot: {
      'a reader that pauses holds the sender, and drained comes once for every false':
        'the WebSocket of the platform cannot be paused: what arrives is bounded by the credit of the session',
    },
  }
}

function opened(url: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = new globals.WebSocket!(url, 'braidwire')
    socket.onopen = () => resolve(socket)
    socket.onerror = () => reject(new Error(`${url} does not open`))
  })
}

const SILENT =
  'a page can break a port only by closing it, which tells its own side nothing; liveness of the session finds out'

/** Two ports of one channel, in a browser. */
export const portSubject: TransportSubject = {
  name: 'message ports',
  pair() {
    const { port1, port2 } = new globals.MessageChannel!()
    return {
      near: messagePort(port1),
      far: messagePort(port2),
    }
  },
  cannot: Object.fromEntries(caseNames.filter((name) => CUTTING.test(name)).map((name) => [name, SILENT])),
}
