// What somebody gave to connect or listen, told by the members it has. Knows types of carriers, and makes no transport.

import type { DataChannelLike, NativeDataChannelLike } from './data-channel.ts'
import type { PortLike } from './message-port.ts'
import type { WebSocketLike } from './websocket.ts'

/** Whether something is a socket for webSocketTransport. Data channels of WebRTC are like it, but their state is a word. */
export function isWebSocket(target: object): target is WebSocketLike {
  const { send, addEventListener, readyState } = target as Partial<WebSocketLike>
  return typeof send === 'function' && typeof addEventListener === 'function' && typeof readyState === 'number'
}

/** Whether something is a port for messagePort: what has two ends and no address. */
export function isPort(target: object): target is PortLike {
  const { postMessage, start, terminate } = target as Partial<PortLike>
  if (typeof postMessage !== 'function') return false
  if (typeof start === 'function' || typeof terminate === 'function') return true
  // The global scope of a worker; that of a page has a document, and its messages go to whoever is named.
  return (target as { self?: unknown }).self === target && !('document' in target)
}

/** Whether something is a channel for dataChannel. */
export function isDataChannel(target: object): target is DataChannelLike | NativeDataChannelLike {
  const { sendMessageBinary } = target as Partial<NativeDataChannelLike>
  const { send, bufferedAmountLowThreshold } = target as Partial<DataChannelLike>
  if (typeof sendMessageBinary === 'function') return true
  // A WebSocket has no threshold.
  return typeof send === 'function' && typeof bufferedAmountLowThreshold === 'number'
}
