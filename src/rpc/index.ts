// The public names of 'braidwire/rpc': typed calls over a session.

export { MethodContext, withContext } from './context.ts'
export { type ExposeOptions, expose } from './expose.ts'
export { RpcError, type RpcErrorInit } from './failure.ts'
export type { ValueLimits } from './survey.ts'
export { type Client, type MethodName, type RemoteMethod, type UnknownApi, type WrapOptions, wrap } from './wrap.ts'
