// Who gets past a guard, and what the others are told.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Session } from '../../session/session.ts'
import { RpcError } from '../failure.ts'
import { guard } from './guard.ts'
import { listMethods } from './list.ts'
import type { HandlerContext } from './method.ts'
import type { Check } from './offer.ts'
import { procedure } from './procedure.ts'

/** A call's context, as far as it matters here. */
function fakeContext(over: Partial<HandlerContext> = {}): HandlerContext {
  const { signal } = new AbortController()
  const none = { principal: undefined, method: 'x', metadata: {}, context: {}, remaining: () => undefined }
  return { session: {} as Session, signal, ...none, ...over }
}

class Files {
  read(): string {
    return 'text'
  }
}

function one(check: Check, run: () => unknown = () => 'ran') {
  return listMethods({ admin: guard(check, { stop: run }) }).methods.get('admin.stop')!
}
const denied = { code: 'BRAID_DENIED', executed: 'no', message: 'not allowed to call "admin.stop"' }
const never = (): never => assert.fail('was executed')

test('true lets pass, at once or later', async () => {
  assert.equal(one(() => true).invoke([], fakeContext()), 'ran')
  assert.equal(await one(async () => true).invoke([], fakeContext()), 'ran')
})

test('anything else does not, and nothing is executed', async () => {
  for (const answer of [false, undefined, null, 1, 'true', {}]) {
    const sync = one(() => answer as boolean, never)
    assert.throws(() => sync.invoke([], fakeContext()), denied)
    const late = one(() => Promise.resolve(answer as boolean), never)
    await assert.rejects(late.invoke([], fakeContext()) as Promise<unknown>, denied)
  }
})

test('a guard that fails does not let pass, and its error stays here', async () => {
  const cause = new Error('database down')
  const fail = (): never => {
    throw cause
  }
  assert.throws(() => one(fail, never).invoke([], fakeContext()), { ...denied, cause })
  await assert.rejects(one(async () => fail(), never).invoke([], fakeContext()) as Promise<unknown>, {
    ...denied,
    cause,
  })
  assert.equal(one(fail).admits(fakeContext()), false)
})

test('a guard may say why in its own words', () => {
  const why = new RpcError('DENIED', 'log in first', { data: { login: true } })
  const fail = (): never => {
    throw why
  }
  assert.throws(
    () => one(fail, never).invoke([], fakeContext()),
    (error) => error === why,
  )
})

test('it is asked on every call, so a login opens what was closed', () => {
  let loggedIn = false
  const method = one(() => loggedIn)
  assert.throws(() => method.invoke([], fakeContext()), denied)
  loggedIn = true
  assert.equal(method.invoke([], fakeContext()), 'ran')
  loggedIn = false
  assert.throws(() => method.invoke([], fakeContext()), denied)
})

test('guards within guards are asked from the outside in, and no further than a no', async () => {
  const asked: string[] = []
  const say =
    (name: string, answer: boolean | Promise<boolean>): Check =>
    () => {
      asked.push(name)
      return answer
    }
  const api = {
    a: guard(
      say('outer', Promise.resolve(true)),
      guard(say('middle', false), { run: guard(say('inner', true), never) }),
    ),
  }
  await assert.rejects(listMethods(api).methods.get('a.run')!.invoke([], fakeContext()) as Promise<unknown>, {
    code: 'BRAID_DENIED',
  })
  assert.deepEqual(asked, ['outer', 'middle'])
})

test('it guards a whole service, an instance, one function, one procedure', () => {
  const admin: Check = (ctx) => ctx.principal === 'admin'
  const ctx = fakeContext({ principal: 'admin' })
  const whole = listMethods(guard(admin, { a: () => 1, deep: { b: () => 2 } })).methods
  assert.deepEqual([...whole.keys()], ['a', 'deep.b'])
  const api = {
    files: guard(admin, new Files()),
    now: guard(admin, () => 3),
    made: guard(
      admin,
      procedure.handler(() => 4),
    ),
  }
  const { methods } = listMethods(api)
  assert.deepEqual(
    [...methods.values(), ...whole.values()].map((method) => method.invoke([], ctx)),
    ['text', 3, 4, 1, 2],
  )
  for (const method of [...methods.values(), ...whole.values()]) {
    assert.throws(() => method.invoke([], fakeContext()), { code: 'BRAID_DENIED' })
  }
})

test('what cannot be a guard or guarded is a TypeError', () => {
  assert.throws(() => guard(true as unknown as Check, {}), TypeError)
  assert.throws(() => guard(() => true, 3 as unknown as object), TypeError)
})
