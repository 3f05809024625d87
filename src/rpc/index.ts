// The public names of 'braidwire/rpc': typed calls over a session.

import '#platform'

export { type Channel, type ChannelOptions, values } from './channel.ts'
export type {
  Client,
  ClientScope,
  ItemsMethod,
  MethodName,
  MethodOptions,
  Remote,
  RemoteFunction,
  RemoteItems,
  RemoteMethod,
  Safe,
  StreamSource,
  UnknownApi,
  UnknownClient,
  ValueMethod,
} from './client.ts'
export type { Codec, Encoded, Reference, ReferenceKind, ReferenceReader, ReferenceWriter } from './codec/codec.ts'
export { json } from './codec/json.ts'
export type { ValueBounds, ValueLimits } from './codec/limits.ts'
export { msgpack } from './codec/msgpack.ts'
export { MethodContext, withContext } from './context.ts'
export type { Overflow } from './events/backlog.ts'
export type { Subscription } from './events/subscription.ts'
export { type Events, type EventsOptions, type EventsStats, events, type SubscribeOptions } from './events.ts'
export { type ExposeOptions, expose } from './expose.ts'
export { RpcError, type RpcErrorInit } from './failure.ts'
export { forward } from './forward.ts'
export { type Log, type LogCallsOptions, logCalls, logFailure } from './log.ts'
export type { ContextMiddleware, MethodCall, Middleware } from './middleware.ts'
export { type Kept, keep } from './references/functions.ts'
export { type RetryOptions, retry } from './retry.ts'
export { guard } from './service/guard.ts'
export type { Manifest, MethodManifest } from './service/manifest.ts'
export type { HandlerContext, JsonSchema, Method, MethodDescription } from './service/method.ts'
export { type Check, type MountHandler, mount, type Offer, type RouterOptions, router } from './service/offer.ts'
export {
  type CheckedBuilder,
  type Procedure,
  type ProcedureBuilder,
  type ProcedureCall,
  procedure,
} from './service/procedure.ts'
export type { Issue, StandardSchema } from './service/schema.ts'
export { codeOfGrpc, type GrpcStatus, type GrpcStatusName, grpcStatus } from './status.ts'
export type { WrapOptions } from './target.ts'
export {
  openTelemetry,
  type TelemetryApi,
  type TelemetryAttributes,
  type TelemetryOptions,
  type TelemetrySpan,
  type TelemetryTracer,
} from './telemetry.ts'
export { manifest, wrap } from './wrap.ts'
