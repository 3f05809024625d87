// Spans of both sides with the real OpenTelemetry API and SDK: parents, attributes, ends.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { after, beforeEach, test } from 'node:test'
import * as api from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { BraidError } from '../engine/errors.ts'
import type { MethodCall, Middleware } from './middleware.ts'
import { openTelemetry, type TelemetryApi } from './telemetry.ts'

/** The least that makes a context last over an await. */
class StorageContextManager implements api.ContextManager {
  private readonly storage = new AsyncLocalStorage<api.Context>()

  active(): api.Context {
    return this.storage.getStore() ?? api.ROOT_CONTEXT
  }
  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: api.Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.storage.run(context, () => fn.apply(thisArg as ThisParameterType<F>, args))
  }
  bind<T>(_context: api.Context, target: T): T {
    return target
  }
  enable(): this {
    return this
  }
  disable(): this {
    return this
  }
}

const exporter = new InMemorySpanExporter()
api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
api.propagation.setGlobalPropagator(new W3CTraceContextPropagator())
api.context.setGlobalContextManager(new StorageContextManager())
beforeEach(() => exporter.reset())
after(() => {
  api.trace.disable()
  api.propagation.disable()
  api.context.disable()
})

// The module itself has to fit what we say we need of it.
const real: TelemetryApi = api

function callOf(side: 'client' | 'server', metadata: Record<string, string> = {}, method = 'files.read'): MethodCall {
  const rest = { signal: undefined, remaining: () => undefined, context: {}, idempotent: false }
  return { side, method, args: ['secret'], metadata, ...rest }
}

/** A call through the middleware of both sides, with nothing but the metadata between them. */
async function through(middleware: Middleware, method: () => unknown, name?: string): Promise<unknown> {
  const metadata: Record<string, string> = {}
  return await middleware(callOf('client', metadata, name), async () => {
    const received = JSON.parse(JSON.stringify(metadata)) as Record<string, string>
    // On the wire nothing of what is active here travels.
    return api.context.with(api.ROOT_CONTEXT, () =>
      Promise.resolve(middleware(callOf('server', received, name), async () => method())),
    )
  })
}

function spans(): { client: ReadableSpan; server: ReadableSpan } {
  const finished = exporter.getFinishedSpans()
  assert.equal(finished.length, 2)
  const [server, client] = finished as [ReadableSpan, ReadableSpan]
  assert.deepEqual([client.kind, server.kind], [api.SpanKind.CLIENT, api.SpanKind.SERVER])
  return { client, server }
}

test("the callee's span is a child of the caller's, and that of what is active", async () => {
  const tracer = api.trace.getTracer('test')
  const outer = tracer.startSpan('outer')
  const result = await api.context.with(api.trace.setSpan(api.context.active(), outer), () =>
    through(openTelemetry(real), async () => {
      await null
      return api.trace.getActiveSpan()?.spanContext().spanId
    }),
  )
  const { client, server } = spans()
  assert.equal(client.parentSpanContext?.spanId, outer.spanContext().spanId)
  assert.equal(server.parentSpanContext?.spanId, client.spanContext().spanId)
  assert.equal(server.spanContext().traceId, outer.spanContext().traceId)
  assert.equal(server.parentSpanContext?.isRemote, true)
  assert.equal(result, server.spanContext().spanId)
})

test('attributes name system, service and method, and nothing of the arguments', async () => {
  await through(openTelemetry(real), () => 5)
  for (const span of Object.values(spans())) {
    assert.equal(span.name, 'files/read')
    assert.deepEqual(span.attributes, { 'rpc.system': 'braidwire', 'rpc.service': 'files', 'rpc.method': 'read' })
    assert.equal(span.instrumentationScope.name, 'braidwire')
    assert.equal(span.status.code, api.SpanStatusCode.UNSET)
  }
  exporter.reset()
  const more = openTelemetry(real, { tracer: 'mine', attributes: (call) => ({ side: call.side }) })
  await through(more, () => 5, 'ping')
  const { client, server } = spans()
  assert.deepEqual(client.attributes, { 'rpc.system': 'braidwire', 'rpc.method': 'ping', side: 'client' })
  assert.deepEqual([client.name, server.attributes.side, server.instrumentationScope.name], ['ping', 'server', 'mine'])
})

test('a failure sets code and status on both sides, and passes', async () => {
  const error = new BraidError('DENIED', 'not yours', { scope: 'call' })
  await assert.rejects(
    through(openTelemetry(real), () => {
      throw error
    }),
    (thrown) => thrown === error,
  )
  for (const span of Object.values(spans())) {
    assert.equal(span.attributes['error.type'], 'BRAID_DENIED')
    assert.deepEqual(span.status, { code: api.SpanStatusCode.ERROR, message: 'not yours' })
    assert.equal(span.events[0]?.name, 'exception')
  }
  exporter.reset()
  await assert.rejects(through(openTelemetry(real), () => Promise.reject('text')))
  assert.equal(spans().client.attributes['error.type'], 'Error')
})

test('the span of items ends with their iteration, whose body runs within it', async () => {
  async function* items() {
    yield api.trace.getActiveSpan()?.spanContext().spanId
    await null
    yield api.trace.getActiveSpan()?.spanContext().spanId
  }
  const seen: unknown[] = []
  for await (const item of (await through(openTelemetry(real), items)) as AsyncIterable<unknown>) {
    assert.equal(exporter.getFinishedSpans().length, 0)
    seen.push(item)
  }
  const { server } = spans()
  assert.deepEqual(seen, [server.spanContext().spanId, server.spanContext().spanId])

  exporter.reset()
  const left = (await through(openTelemetry(real), items)) as AsyncGenerator<unknown>
  await left.next()
  await left.return(undefined)
  assert.equal(spans().client.status.code, api.SpanStatusCode.UNSET)

  exporter.reset()
  async function* broken() {
    yield 1
    throw new BraidError('INTERNAL', 'broken')
  }
  const failing = (await through(openTelemetry(real), broken)) as AsyncGenerator<unknown>
  await failing.next()
  await assert.rejects(failing.next(), /broken/)
  assert.equal(spans().server.attributes['error.type'], 'BRAID_INTERNAL')
})

test('metadata of a stranger makes no parent, and no call fails for it', async () => {
  for (const traceparent of ['', 'nonsense', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`]) {
    exporter.reset()
    assert.equal(await openTelemetry(real)(callOf('server', { traceparent }), async () => 5), 5)
    assert.equal(exporter.getFinishedSpans()[0]?.parentSpanContext, undefined)
  }
})
