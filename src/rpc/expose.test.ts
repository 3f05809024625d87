// Exposing: what is offered, taken back, told, and what middleware around it does.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import type { Session } from '../session/session.ts'
import { pair } from '../testing/pair.ts'
import { expose, guard, type Middleware, manifest, withContext, wrap } from './index.ts'

function sessions(t: TestContext, options?: Parameters<typeof pair>[0]): [server: Session, client: Session] {
  const both = pair(options)
  t.after(() => both[0].close())
  return both
}

const code = (name: string) => (error: unknown) => error instanceof BraidError && error.code === `BRAID_${name}`

test('only: these methods and subtrees, and inherited ones by name', async (t) => {
  class Base {
    inherited(): string {
      return 'inherited'
    }
  }
  class Service extends Base {
    own(): string {
      return 'own'
    }
    secret(): string {
      return 'secret'
    }
  }
  const [server, client] = sessions(t)
  const offer = (api: object, names: readonly string[]): void => {
    const only = names
    expose(server, api, { only })
  }
  offer(new Service(), ['own', 'inherited'])
  offer({ tree: { x: () => 'x', y: () => 'y' }, other: () => 1 }, ['tree'])
  const remote = wrap(client)
  assert.deepEqual(await Promise.all([remote.own!(), remote.inherited!(), remote.tree!.x!()]), [
    'own',
    'inherited',
    'x',
  ])
  for (const name of ['secret', 'other'])
    await assert.rejects(remote[name]!() as Promise<unknown>, code('UNIMPLEMENTED'))
  assert.deepEqual(Object.keys((await manifest(client)).methods).sort(), ['inherited', 'own', 'tree.x', 'tree.y'])
  assert.throws(() => expose(server, {}), TypeError)
})

test('two services on one session tell of both, and are taken back alone', async (t) => {
  const [server, client] = sessions(t)
  const takeOne = expose(server, { one: () => 1 })
  const takeTwo = expose(server, { two: async function* () {} })
  assert.deepEqual((await manifest(client)).methods, { one: { shape: 'call' }, two: { shape: 'items' } })
  assert.throws(() => expose(server, { three: () => 3, one: () => 1 }), TypeError)
  await assert.rejects(wrap(client).three!() as Promise<unknown>, code('UNIMPLEMENTED'))
  takeOne()
  takeOne()
  assert.deepEqual(Object.keys((await manifest(client)).methods), ['two'])
  await assert.rejects(wrap(client).one!() as Promise<unknown>, code('UNIMPLEMENTED'))
  takeTwo()
  const takeAgain = expose(server, { one: () => 'again' })
  assert.equal(await wrap(client).one!(), 'again')
  assert.deepEqual(Object.keys((await manifest(client)).methods), ['one'])
  takeAgain()
})

test('a call under way is answered though its method was taken back', async (t) => {
  const [server, client] = sessions(t)
  let answer: (value: unknown) => void = () => {}
  const takeBack = expose(server, {
    slow: () =>
      new Promise((resolve) => {
        answer = resolve
      }),
    async *items() {
      yield 1
      yield 2
    },
  })
  const slow = wrap(client).slow!()
  const items = wrap(client).items!() as unknown as AsyncGenerator
  await items.next()
  takeBack()
  answer('late')
  assert.equal(await slow, 'late')
  assert.equal((await items.next()).value, 2)
})

test('middleware of the server: the first outermost, around values and items, and next() once', async (t) => {
  const [server, client] = sessions(t)
  const log: string[] = []
  const named =
    (name: string): Middleware =>
    async (call, next) => {
      log.push(`${name} ${call.side} ${call.method} ${call.args.length}`)
      const result = await next({ [name]: true })
      log.push(`/${name}`)
      return result
    }
  const twice: Middleware = async (call, next) => (call.args[0] === 'twice' ? [await next(), await next()] : next())
  const context = withContext((ctx) => ({ ...ctx.context }))
  async function* items(): AsyncGenerator<number> {
    yield 1
  }
  expose(server, { context, items }, { use: [named('one'), named('two'), twice] })
  const remote = wrap(client)
  assert.deepEqual(await remote.context!('x'), { one: true, two: true })
  assert.deepEqual(log.splice(0), ['one server context 1', 'two server context 1', '/two', '/one'])
  for await (const n of remote.items!() as unknown as AsyncIterable<number>) assert.equal(n, 1)
  assert.equal(log.length, 4)
  await assert.rejects(remote.context!('twice') as Promise<unknown>, code('INTERNAL'))
})

test('the manifest holds what the guards of its reader let pass', async (t) => {
  const admin = { admin: true }
  const api = {
    all: () => 1,
    some: guard(
      (ctx) => ctx.principal === admin,
      () => 2,
    ),
    inner: guard(async (ctx) => ctx.principal === admin, { deep: () => 3 }),
  }
  for (const [principal, names] of [
    [admin, ['all', 'inner.deep', 'some']],
    [{}, ['all']],
  ] as const) {
    const [server, client] = sessions(t, { authorize: () => principal })
    expose(server, api)
    assert.deepEqual(Object.keys((await manifest(client)).methods).sort(), names)
    const remote = wrap(client)
    if (principal === admin) assert.deepEqual(await Promise.all([remote.some!(), remote.inner!.deep!()]), [2, 3])
    else await assert.rejects(remote.inner!.deep!() as Promise<unknown>, code('DENIED'))
  }
})

test('an observer of errors that throws changes nothing', async (t) => {
  const [server, client] = sessions(t)
  const broken = (): never => {
    throw new Error('observer')
  }
  const fail = (): never => {
    throw new Error('secret')
  }
  expose(server, { fail }, { onError: broken })
  await assert.rejects(wrap(client).fail!() as Promise<unknown>, (error) => {
    return code('INTERNAL')(error) && !/secret|observer/.test(`${error}`)
  })
})
