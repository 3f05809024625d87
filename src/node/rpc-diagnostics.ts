// Calls on node:diagnostics_channel, for tools that listen without being wired in.
// Knows middleware and channels; knows no session.

import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel'
import type { MethodCall, Middleware } from '../rpc/middleware.ts'

/** What subscribers of both channels get: one object for all messages of a call. */
export interface CallMessage {
  /** Full name, with its dots. */
  readonly method: string
  /** Travels with the call. On the client it may be added to at `start`. */
  readonly metadata: Record<string, string>
  /** The call itself, with its arguments. */
  readonly call: MethodCall
  /** From `asyncEnd` on, when it went well; of a method that answers with items, the iterable. */
  readonly result?: unknown
  /** From `error` on. */
  readonly error?: unknown
}

/** Name of the tracing channel of calls made, and of calls answered. */
const CALL = 'braidwire:rpc.call'
const HANDLE = 'braidwire:rpc.handle'

/**
 * Middleware that tells `node:diagnostics_channel` of every call: as `tracing:braidwire:rpc.call:start` (`end`, `asyncStart`,
 * `asyncEnd`, `error`) on a client, `tracing:braidwire:rpc.handle:...` on a server.
 *
 * A client's `start` comes before the arguments are encoded and the metadata is sent: a subscriber may add metadata to it.
 * Stores bound to `start` are those of the method, too. As long as nobody subscribes a call costs a look.
 *
 * @example
 * import { tracingChannel } from 'node:diagnostics_channel'
 * import { diagnostics } from 'braidwire/node'
 *
 * tracingChannel('braidwire:rpc.call').subscribe({ start: ({ metadata }) => (metadata.tenant = 'a') })
 * const call = { side: 'client', method: 'read', args: [], metadata: {} }
 * await diagnostics()(call, async () => console.log(call.metadata)) // { tenant: 'a' }
 */
export function diagnostics(): Middleware {
  const calls = watched(CALL)
  const handled = watched(HANDLE)
  return (call, next) => {
    const { channel, hasSubscribers } = call.side === 'client' ? calls : handled
    if (!hasSubscribers()) return next()
    const message: CallMessage = { method: call.method, metadata: call.metadata, call }
    return channel.tracePromise(() => next(), message)
  }
}

interface Watched {
  readonly channel: TracingChannel<unknown, CallMessage>
  readonly hasSubscribers: () => boolean
}

/** Asks each of the five channels: the tracing channel itself does not know of its subscribers in every Node 20. */
function watched(name: string): Watched {
  const channel = tracingChannel<unknown, CallMessage>(name)
  const { start, end, asyncStart, asyncEnd, error } = channel
  const hasSubscribers = (): boolean =>
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers
  return { channel, hasSubscribers }
}
