// How middlewares are nested, and what they may do to a call.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Session } from '../session/session.ts'
import { compose, type MethodCall, type Middleware, serverCall } from './middleware.ts'
import type { HandlerContext } from './service/method.ts'

/** A call's context, as far as it matters here. */
function fakeContext(over: Partial<HandlerContext> = {}): HandlerContext {
  const { signal } = new AbortController()
  const none = { principal: undefined, method: 'x', metadata: {}, context: {}, remaining: () => undefined }
  return { session: {} as Session, signal, ...none, ...over }
}

function clientCall(): MethodCall {
  return {
    side: 'client',
    method: 'read',
    args: [],
    metadata: {},
    signal: undefined,
    remaining: () => undefined,
    context: {},
    idempotent: false,
  }
}

test('without middleware nothing is made of it', () => {
  assert.equal(
    compose([], clientCall(), () => 5),
    5,
  )
})

test('the first is outermost, and each may change the result', async () => {
  const seen: string[] = []
  const mark =
    (name: string): Middleware =>
    async (_call, next) => {
      seen.push(`${name} in`)
      const result = await next()
      seen.push(`${name} out`)
      return `${name}(${result})`
    }
  const result = await compose([mark('a'), mark('b')], clientCall(), () => 'x')
  assert.equal(result, 'a(b(x))')
  assert.deepEqual(seen, ['a in', 'b in', 'b out', 'a out'])
})

test('what is given to next is there further in', async () => {
  const seen: unknown[] = []
  const add: Middleware = (_call, next) => next({ user: 'me' })
  const look: Middleware = (call, next) => {
    seen.push(call.context.user)
    return next()
  }
  await compose([add, look], clientCall(), () => undefined)
  assert.deepEqual(seen, ['me'])
})

test('a middleware may answer itself, and what it throws fails the call', async () => {
  const last = () => assert.fail('was run')
  assert.equal(await compose([() => 'cached'], clientCall(), last), 'cached')
  const refuse: Middleware = () => {
    throw new Error('no')
  }
  await assert.rejects(compose([refuse], clientCall(), last) as Promise<unknown>, /no/)
})

test('an error of the call goes outwards through all of them', async () => {
  const seen: unknown[] = []
  const watch: Middleware = async (_call, next) => {
    try {
      return await next()
    } catch (error) {
      seen.push((error as Error).message)
      throw error
    }
  }
  const fail = (): never => {
    throw new Error('inside')
  }
  await assert.rejects(compose([watch, watch], clientCall(), fail) as Promise<unknown>, /inside/)
  assert.deepEqual(seen, ['inside', 'inside'])
})

test('a client may try again, a server may not', async () => {
  const retry: Middleware = (_call, next) => next().catch(() => next())
  let tries = 0
  const flaky = (): number => {
    if (++tries === 1) throw new Error('first')
    return tries
  }
  assert.equal(await compose([retry], clientCall(), flaky), 2)
  tries = 0
  const server = serverCall(fakeContext(), [], false)
  await assert.rejects(compose([retry], server, flaky) as Promise<unknown>, /only a client can retry/)
  assert.equal(tries, 1)
})

test('at its callee a call tells what its context tells, and keeps one context', async () => {
  const ctx = fakeContext({ method: 'files.read', principal: 'me', metadata: { trace: 'a' } })
  const call = serverCall(ctx, [1], true)
  assert.equal(call.side, 'server')
  assert.equal(call.method, 'files.read')
  assert.deepEqual(call.args, [1])
  assert.equal(call.idempotent, true)
  assert.equal(call.ctx?.principal, 'me')
  assert.equal(call.metadata.trace, 'a')
  assert.equal(call.remaining(), undefined)
  assert.equal(call.signal, ctx.signal)
  await compose([(_call, next) => next({ user: 1 })], call, () => undefined)
  assert.deepEqual(ctx.context, { user: 1 })
})
