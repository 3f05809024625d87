// The public surface of 'braidwire' where there is no Node: the target of connect and listen is a carrier you hold; connect also takes the
// address of a WebSocket.

import '#platform'

// -- for applications

export {
  BraidError,
  type BraidErrorCode,
  type CodeName,
  type ErrorInitiator,
  type ErrorScope,
} from './engine/errors.ts'
export { Budget, type BudgetOptions, type BudgetStats } from './session/budget.ts'
export type { LimitUse } from './session/ceiling.ts'
export type { Listener, ListenerStats, ListenOptions } from './session/listener.ts'
export type { CallOptions, JsonValue, Meta, Opener, OpenOptions } from './session/opener.ts'
export type { SessionOptions } from './session/options.ts'
export type { Dial } from './session/redial.ts'
export { sameSecret } from './session/secret.ts'
export type {
  CallContext,
  CallHandler,
  DrainReport,
  MessageHandler,
  Remote,
  Session,
  SessionStats,
  State,
  StreamHandler,
} from './session/session.ts'
export type { Receiver, Stream, StreamStats } from './session/stream.ts'
export type { ResumeOptions } from './session/tickets.ts'
export type { Code } from './session/words.ts'
export { type Carrier, type ConnectOptions, connect, listen } from './transports/connect.ts'

// -- for authors of transports

export type { Clock } from './session/clock.ts'
export { type Door, LiveListener } from './session/listener.ts'
export { connectSession, type Role, startSession } from './session/start.ts'
export { NOTHING_KEPT, type Transport, type TransportSink } from './session/transport.ts'
export type { DataChannelLike, NativeDataChannelLike } from './transports/data-channel.ts'
export type { DuplexLike, DuplexPair } from './transports/duplex.ts'
export type { PortLike } from './transports/message-port.ts'
export type { WebStreamPair } from './transports/web-streams.ts'
export type { WebSocketLike } from './transports/websocket.ts'
