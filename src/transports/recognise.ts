// What somebody gave to connect or listen, told by the members it has. Knows types of carriers, and makes no transport.

import type { DataChannelLike, NativeDataChannelLike } from './data-channel.ts'
import type { PortLike } from './message-port.ts'

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
