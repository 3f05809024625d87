// The public surface of 'braidwire' in Node: what src/index.ts has, but connect and listen also take addresses.

// -- for applications

export {
  BraidError,
  type BraidErrorCode,
  type CodeName,
  type ErrorInitiator,
  type ErrorScope,
} from '../engine/errors.ts'
export { Budget, type BudgetOptions, type BudgetStats } from '../session/budget.ts'
export type { LimitUse } from '../session/ceiling.ts'
export type { Listener, ListenerStats } from '../session/listener.ts'
export type { CallOptions, JsonValue, Meta, Opener, OpenOptions } from '../session/opener.ts'
export type { SessionOptions } from '../session/options.ts'
export type { Dial } from '../session/redial.ts'
export { sameSecret } from '../session/secret.ts'
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
} from '../session/session.ts'
export type { Receiver, Stream, StreamStats } from '../session/stream.ts'
export type { ResumeOptions } from '../session/tickets.ts'
export type { Code } from '../session/words.ts'
export type { Carrier } from '../transports/connect.ts'
export {
  type ConnectOptions,
  connect,
  type ListenOptions,
  listen,
  type Target,
  type WebSocketMount,
} from './connect.ts'
export type { TlsDialOptions, TlsOptions } from './tls.ts'

// -- for authors of transports

export type { Clock } from '../session/clock.ts'
export { type Door, LiveListener } from '../session/listener.ts'
export { connectSession, type Role, startSession } from '../session/start.ts'
export { NOTHING_KEPT, type Transport, type TransportSink } from '../session/transport.ts'
export type { DataChannelLike, NativeDataChannelLike } from '../transports/data-channel.ts'
export type { DuplexLike, DuplexPair } from '../transports/duplex.ts'
export type { PortLike } from '../transports/message-port.ts'
export type { WebStreamPair } from '../transports/web-streams.ts'
export type { WebSocketLike } from '../transports/websocket.ts'
