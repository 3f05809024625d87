// OpenTelemetry: a span for each call on either side, joined through the call's metadata.
// Imports nothing of it: the API is handed in, and described here as far as it is used.

import { BraidError } from '../engine/errors.ts'
import type { MethodCall, Middleware } from './middleware.ts'
import { type Failure, whenOver } from './outcome.ts'

/** Values of a span's attributes. */
export type TelemetryAttributes = Record<string, string | number | boolean>

/** A span of OpenTelemetry, as far as it is used here. */
export interface TelemetrySpan {
  setAttribute(name: string, value: string | number | boolean): unknown
  setStatus(status: { code: number; message?: string }): unknown
  recordException(error: Error): void
  end(): void
}

/** A tracer of OpenTelemetry, as far as it is used here. */
export interface TelemetryTracer {
  startSpan(
    name: string,
    options?: { kind?: number; attributes?: TelemetryAttributes },
    context?: object,
  ): TelemetrySpan
}

/** The module `@opentelemetry/api`, as far as it is used here: any version 1. */
export interface TelemetryApi {
  readonly ROOT_CONTEXT: object
  readonly SpanKind: { readonly CLIENT: number; readonly SERVER: number }
  readonly SpanStatusCode: { readonly ERROR: number }
  readonly trace: {
    getTracer(name: string, version?: string): TelemetryTracer
    setSpan(context: object, span: TelemetrySpan): object
  }
  readonly context: {
    active(): object
    with(context: object, run: () => unknown): unknown
  }
  readonly propagation: {
    inject(context: object, carrier: Record<string, string>): void
    extract(context: object, carrier: Readonly<Record<string, string>>): object
  }
}

/** Options of {@link openTelemetry}. */
export interface TelemetryOptions {
  /** Name of the tracer. Default `braidwire`. */
  readonly tracer?: string | undefined
  /** More attributes for a call's span. Arguments are never recorded unless this does. Default: none. */
  readonly attributes?: ((call: MethodCall) => TelemetryAttributes) | undefined
}

/**
 * Middleware for both sides that makes a span of each call.
 *
 * The caller's span (kind CLIENT) is a child of the active one; its trace context travels in the call's metadata, in the form
 * of the registered propagator (W3C: `traceparent`). The callee's span (kind SERVER) is a child of that and active while the
 * method runs. A span ends when the result is there, that of an iterable when its iteration ends. Attributes: `rpc.system`
 * braidwire, `rpc.service` (what stands before the last dot), `rpc.method`, and for a failure `error.type` with its code.
 *
 * @param api the module `@opentelemetry/api` your application uses.
 * @example
 * import { openTelemetry } from 'braidwire/rpc'
 *
 * // import * as api from '@opentelemetry/api'; here a stand-in that only says what it is told
 * const span = { setAttribute() {}, setStatus() {}, recordException() {}, end: () => console.log('span ended') }
 * const api = {
 *   ROOT_CONTEXT: {},
 *   SpanKind: { SERVER: 1, CLIENT: 2 },
 *   SpanStatusCode: { ERROR: 2 },
 *   trace: { getTracer: () => ({ startSpan: () => span }), setSpan: (context) => context },
 *   context: { active: () => ({}), with: (context, run) => run() },
 *   propagation: { inject: (context, carrier) => (carrier.traceparent = '00-...'), extract: (context) => context },
 * }
 * const call = { side: 'client', method: 'files.read', args: [], metadata: {} }
 * await openTelemetry(api)(call, async () => console.log(call.metadata.traceparent)) // '00-...'
 */
export function openTelemetry(api: TelemetryApi, options: TelemetryOptions = {}): Middleware {
  const tracer = api.trace.getTracer(options.tracer ?? 'braidwire')
  return async (call, next) => {
    const client = call.side === 'client'
    // What happens to be active where a session reads its bytes has nothing to do with the call.
    const parent = client ? api.context.active() : api.propagation.extract(api.ROOT_CONTEXT, call.metadata)
    const { name, attributes } = describe(call.method)
    Object.assign(attributes, options.attributes?.(call))
    const kind = client ? api.SpanKind.CLIENT : api.SpanKind.SERVER
    const span = tracer.startSpan(name, { kind, attributes }, parent)
    const context = api.trace.setSpan(parent, span)
    const over = (failure: Failure): void => {
      if (failure !== undefined) fail(api, span, failure.error)
      span.end()
    }
    try {
      if (client) api.propagation.inject(context, call.metadata)
      const result = await api.context.with(context, () => next())
      // The body of a generator runs inside of the steps that are asked of it.
      return whenOver(result, over, (step) => api.context.with(context, step) as ReturnType<typeof step>)
    } catch (error) {
      over({ error })
      throw error
    }
  }
}

/** Name and attributes of a method's spans: `files.read` is `read` of the service `files`. */
function describe(method: string): { name: string; attributes: TelemetryAttributes } {
  const dot = method.lastIndexOf('.')
  const attributes: TelemetryAttributes = { 'rpc.system': 'braidwire', 'rpc.method': method.slice(dot + 1) }
  if (dot < 0) return { name: method, attributes }
  attributes['rpc.service'] = method.slice(0, dot)
  return { name: `${method.slice(0, dot)}/${method.slice(dot + 1)}`, attributes }
}

function fail(api: TelemetryApi, span: TelemetrySpan, thrown: unknown): void {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  span.setAttribute('error.type', error instanceof BraidError ? error.code : error.name)
  span.setStatus({ code: api.SpanStatusCode.ERROR, message: error.message })
  span.recordException(error)
}
