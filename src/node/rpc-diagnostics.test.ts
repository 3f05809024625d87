// What subscribers of node:diagnostics_channel hear of calls, and when.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { channel, type TracingChannelSubscribers, tracingChannel } from 'node:diagnostics_channel'
import { type TestContext, test } from 'node:test'
import type { MethodCall } from '../rpc/middleware.ts'
import { type CallMessage, diagnostics } from './rpc-diagnostics.ts'

function callOf(side: 'client' | 'server'): MethodCall {
  const rest = { signal: undefined, remaining: () => undefined, context: {}, idempotent: false }
  return { side, method: 'files.read', args: [1], metadata: {}, ...rest }
}

/** Writes down what is published of one side's calls. */
function listen(t: TestContext, name: string): [event: string, message: CallMessage][] {
  const heard: [string, CallMessage][] = []
  const note = (event: string) => (message: unknown) => void heard.push([event, { ...(message as CallMessage) }])
  const events = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const
  const subscribers = Object.fromEntries(
    events.map((event) => [event, note(event)]),
  ) as unknown as TracingChannelSubscribers<CallMessage>
  const tracing = tracingChannel<unknown, CallMessage>(name)
  tracing.subscribe(subscribers)
  t.after(() => tracing.unsubscribe(subscribers))
  return heard
}

test('each side has a channel of its own, which tells begin and end of a call', async (t) => {
  const calls = listen(t, 'braidwire:rpc.call')
  const handled = listen(t, 'braidwire:rpc.handle')
  const middleware = diagnostics()
  const call = callOf('client')
  assert.equal(await middleware(call, async () => 'contents'), 'contents')
  assert.deepEqual(
    calls.map(([event]) => event),
    ['start', 'end', 'asyncStart', 'asyncEnd'],
  )
  assert.deepEqual(calls[0]![1], { method: 'files.read', metadata: {}, call })
  assert.equal(calls[3]![1].result, 'contents')
  assert.equal(handled.length, 0)
  await assert.rejects(
    async () => await middleware(callOf('server'), () => Promise.reject(new Error('broken'))),
    /broken/,
  )
  assert.deepEqual(
    handled.map(([event]) => event),
    ['start', 'end', 'error', 'asyncStart', 'asyncEnd'],
  )
  assert.equal((handled[2]![1].error as Error).message, 'broken')
  assert.equal(calls.length, 4)
})

test('start comes before the call goes out, so that a subscriber can add metadata', async (t) => {
  const start = channel('tracing:braidwire:rpc.call:start')
  const add = (message: unknown): void => {
    ;(message as CallMessage).metadata.tenant = 'a'
  }
  start.subscribe(add)
  t.after(() => start.unsubscribe(add))
  const call = callOf('client')
  let sent: unknown
  await diagnostics()(call, async () => {
    sent = { ...call.metadata }
  })
  assert.deepEqual(sent, { tenant: 'a' })
})

test('a store bound to start lasts while the method runs', async (t) => {
  const storage = new AsyncLocalStorage<string>()
  const { start } = tracingChannel<unknown, CallMessage>('braidwire:rpc.handle')
  start.bindStore(storage, (message) => message.method)
  t.after(() => start.unbindStore(storage))
  const stored = await diagnostics()(callOf('server'), async () => {
    await null
    return storage.getStore()
  })
  assert.equal(stored, 'files.read')
})

test('without subscribers a call passes as it is', () => {
  const answer = Promise.resolve(5)
  assert.equal(
    diagnostics()(callOf('client'), () => answer),
    answer,
  )
})
