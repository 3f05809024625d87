// Dialling with the runtime's own WebSocket: in browsers, workers, Deno and Bun. Knows addresses of WebSockets and no others.

import { BraidError } from '../engine/errors.ts'
import type { Transport } from '../session/transport.ts'
import { attempt, checkDial, type DialOptions, transportScope } from './dialling.ts'
import { type WebSocketLike, webSocketTransport } from './websocket.ts'
import { SUBPROTOCOL } from './websocket-close.ts'

type WebSocketClass = new (url: string, protocol: string) => WebSocketLike

/**
 * Dials `ws://` or `wss://` with the global WebSocket, asking for the subprotocol `braidwire`.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` for another address, or where there is no global WebSocket; `BRAID_UNREACHABLE` naming the
 * address - the platform does not tell why; `BRAID_CANCELLED` when the signal aborts.
 */
export async function dialWebSocket(url: string, options: DialOptions = {}): Promise<Transport> {
  checkDial(options)
  // Not in every runtime, hence no name of `globals.d.ts`.
  const { WebSocket } = globalThis as { WebSocket?: WebSocketClass }
  const shown = url.replace(/[?#].*$/s, '')
  if (!/^wss?:\/\//i.test(url)) {
    throw invalid(
      shown,
      'this runtime dials ws:// and wss:// alone; connect over anything else with a carrier you hold',
    )
  }
  if (WebSocket === undefined) {
    throw invalid(shown, 'this runtime has no WebSocket, and dials nothing by itself: connect over a carrier you hold')
  }
  let socket: WebSocketLike
  try {
    socket = new WebSocket(url, SUBPROTOCOL)
  } catch (cause) {
    throw invalid(shown, cause instanceof Error ? cause.message : String(cause), cause)
  }
  return attempt(shown, options, (settle) => {
    const unreachable = (why: string) =>
      settle(new BraidError('UNREACHABLE', `cannot reach ${shown}: ${why}`, transportScope))
    socket.addEventListener('open', () => {
      // Some runtimes leave that to whoever asked.
      if (socket.protocol === SUBPROTOCOL) settle(webSocketTransport(socket, { remote: shown }))
      else unreachable(`it takes WebSockets, but not Braidwire (the subprotocol ${SUBPROTOCOL}): check the path`)
    })
    socket.addEventListener('error', () => {})
    socket.addEventListener('close', () => unreachable(NO_REASON))
    return { giveUp: () => socket.close() }
  })
}

/** A page must not learn what is on a network, so its platform does not tell. */
const NO_REASON =
  'no connection, and this runtime does not say why: perhaps nobody listens, the listener refuses this page (its option origins), ' +
  'or no Braidwire is at that path'

function invalid(url: string, why: string, cause?: unknown): BraidError {
  const text = `cannot use the address ${JSON.stringify(url)}: ${why}`
  return new BraidError('INVALID_INPUT', text, { ...transportScope, cause })
}
