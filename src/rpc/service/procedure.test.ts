// What procedures let in and out, with three validators and without any.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import type { Session } from '../../session/session.ts'
import { guard } from './guard.ts'
import { listMethods } from './list.ts'
import type { HandlerContext } from './method.ts'
import { type Procedure, procedure } from './procedure.ts'
import { OutputError, type StandardSchema } from './schema.ts'

/** A call's context, as far as it matters here. */
function fakeContext(over: Partial<HandlerContext> = {}): HandlerContext {
  const { signal } = new AbortController()
  const none = { principal: undefined, method: 'x', metadata: {}, context: {}, remaining: () => undefined }
  return { session: {} as Session, signal, ...none, ...over }
}

type Any = Procedure<never, unknown>
const invoke = (made: Any, ...values: unknown[]): unknown => invokeWith(fakeContext(), made, ...values)
const invokeWith = (ctx: HandlerContext, made: Any, ...values: unknown[]): unknown =>
  listMethods({ made }).methods.get('made')!.invoke(values, ctx)
const never = (): never => assert.fail('was executed')

/** A validator of numbers that answers later. */
const later: StandardSchema<number, number> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) =>
      typeof value === 'number'
        ? { value: value + 1 }
        : { issues: [{ message: 'no number', path: [{ key: 'a' }, 0] }] },
  },
}

async function rejection(call: () => unknown): Promise<{ code?: string; data?: unknown; executed?: string }> {
  try {
    await call()
  } catch (error) {
    return error as { code?: string }
  }
  return assert.fail('did not fail')
}

test('zod, valibot and arktype side by side', async () => {
  const made = {
    zod: procedure.input(z.object({ name: z.string() })).handler(({ input }) => input.name),
    valibot: procedure.input(v.object({ name: v.string() })).handler(({ input }) => input.name),
    arktype: procedure.input(type({ name: 'string' })).handler(({ input }) => input.name),
  }
  for (const [name, each] of Object.entries(made)) {
    assert.equal(invoke(each, { name }), name)
    const { code, data, executed } = await rejection(() => invoke(each, { name: 5 }))
    assert.equal(code, 'BRAID_INVALID_INPUT')
    assert.equal(executed, 'no')
    const { issues } = data as { issues: { message: string; path: unknown[] }[] }
    assert.equal(issues.length, 1)
    assert.deepEqual(issues[0]!.path, ['name'])
    assert.ok(issues[0]!.message.length > 3)
  }
})

test('the handler gets what the validator made, and only when it passed', async () => {
  const size = z.string().transform(Number)
  assert.equal(
    invoke(
      procedure.input(size).handler(({ input }) => input + 1),
      '4',
    ),
    5,
  )
  await rejection(() => invoke(procedure.input(size).handler(never), 4))
  await rejection(() => invoke(procedure.input(size).handler(never)))
})

test('a validator may answer later', async () => {
  const made = procedure
    .input(later)
    .output(later)
    .handler(({ input }) => input)
  assert.equal(await invoke(made, 1), 3)
  const { data } = await rejection(() => invoke(procedure.input(later).handler(never), 'x'))
  assert.deepEqual(data, { issues: [{ message: 'no number', path: ['a', 0] }] })
})

test('one argument at most; without an input schema none', async () => {
  const none = procedure.handler(({ input }) => input)
  assert.equal(invoke(none), undefined)
  assert.equal(invoke(none, undefined), undefined)
  for (const values of [[1], [undefined, 1]]) {
    assert.equal((await rejection(() => invoke(none, ...values))).code, 'BRAID_INVALID_INPUT')
  }
  const one = procedure.input(z.number()).handler(never)
  assert.equal((await rejection(() => invoke(one, 1, 2))).code, 'BRAID_INVALID_INPUT')
})

test('what is told of a bad input is bounded', async () => {
  const flood = (message: string, path: PropertyKey[]): StandardSchema => ({
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: () => ({ issues: Array.from({ length: 1000 }, () => ({ message, path })) }),
    },
  })
  const told = async (schema: StandardSchema) =>
    (await rejection(() => invoke(procedure.input(schema).handler(never), 1))).data as {
      issues: { message: string; path: unknown[] }[]
    }
  assert.equal((await told(flood('no', ['a']))).issues.length, 16)
  const long = await told(flood('x'.repeat(10_000), ['y'.repeat(100)]))
  assert.ok(JSON.stringify(long).length < 3000)
  const deep = await told(flood('no', new Array<string>(5000).fill('deep')))
  assert.deepEqual(deep, { issues: [{ message: 'no', path: [] }] })
  assert.deepEqual((await told(flood('no', [Symbol('s')]))).issues[0]!.path, ['Symbol(s)'])
})

test('a result the schema does not allow never leaves, and its author is told why', async () => {
  const text = procedure.output(z.string())
  const broken = (value: unknown) => text.handler(() => value as string)
  assert.equal(invoke(broken('ok')), 'ok')
  assert.throws(() => invoke(broken({ secret: 1 })), OutputError)
  assert.throws(() => invoke(broken(undefined)), OutputError)
  await assert.rejects(invoke(text.handler(async () => 5 as unknown as string)) as Promise<unknown>, (error) => {
    assert.ok(error instanceof OutputError && !('code' in error))
    assert.equal(error.issues.length, 1)
    return true
  })
  const strip = procedure.output(z.object({ id: z.number() })).handler(() => ({ id: 1, secret: 2 }))
  assert.deepEqual(invoke(strip), { id: 1 })
})

test('of a generator each item is checked, and the source is ended', async () => {
  const ended: string[] = []
  const items = procedure.output(z.number()).handler(async function* () {
    try {
      yield 1
      yield 'two' as unknown as number
    } finally {
      ended.push('source')
    }
  })
  const answer = invoke(items) as AsyncGenerator<number>
  assert.deepEqual(await answer.next(), { done: false, value: 1 })
  await assert.rejects(answer.next(), OutputError)
  assert.deepEqual(ended, ['source'])
  assert.deepEqual(await answer.next(), { done: true, value: undefined })

  const second = invoke(items) as AsyncGenerator<number>
  for await (const item of second) if (item === 1) break
  assert.deepEqual(ended, ['source', 'source'])
})

test('items nobody began to read are ended too, and what a checked source returns is not told', async () => {
  let ended = 0
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: true as const, value: 'secret' as unknown as undefined }),
      return: async () => {
        ended++
        return { done: true as const, value: undefined }
      },
    }),
  }
  const made = procedure.output(z.number()).handler(async () => source)
  const unread = (await invoke(made)) as AsyncGenerator<number> & AsyncDisposable
  await unread[Symbol.asyncDispose]()
  await unread.return(undefined)
  assert.equal(ended, 1)
  assert.deepEqual(await unread.next(), { done: true, value: undefined })
  assert.deepEqual(await ((await invoke(made)) as AsyncGenerator<number>).next(), { done: true, value: undefined })
  await assert.rejects(((await invoke(made)) as AsyncGenerator<number>).throw(new Error('stop')), /stop/)
  assert.equal(ended, 2)
})

test('guards, middleware, validation, handler: in this order', async () => {
  const seen: string[] = []
  const made = procedure
    .use(async (call, next) => {
      seen.push(`middleware ${call.args}`)
      const result = await next({ user: 'me' })
      seen.push('out')
      return result
    })
    .input(z.string().refine(() => seen.push('input')))
    .output(z.string().refine(() => seen.push('output')))
    .handler(({ input, ctx }) => {
      seen.push('handler')
      return `${input} ${ctx.context.user}`
    })
  const method = (answer: boolean) =>
    listMethods({ made: guard(() => seen.push('guard') > 0 && answer, made) }).methods.get('made')!
  assert.throws(() => method(false).invoke(['a'], fakeContext()), { code: 'BRAID_DENIED' })
  assert.deepEqual(seen.splice(0), ['guard'])
  assert.equal(await method(true).invoke(['a'], fakeContext()), 'a me')
  assert.deepEqual(seen, ['guard', 'middleware a', 'input', 'handler', 'output', 'out'])
})

test('the handler gets the call and its signal', () => {
  const ctx = fakeContext({ principal: 'me' })
  const made = procedure.handler((call) => [call.ctx.principal, call.signal === ctx.signal])
  assert.deepEqual(invokeWith(ctx, made), ['me', true])
})

test('a beginning can be shared: each step makes a new one', () => {
  const base = procedure.doc('base')
  base.input(z.string())
  base.use(() => 'replaced')
  assert.equal(invoke(base.handler(() => 1)), 1)
  const described = (made: Any) => listMethods({ made }).methods.get('made')!.description.doc
  assert.equal(described(base.doc('other').handler(() => 1)), 'other')
  assert.equal(described(base.handler(() => 1)), 'base')
})

test('an idempotent one says so', () => {
  const { methods } = listMethods({ a: procedure.idempotent().handler(() => 1), b: procedure.handler(() => 1) })
  assert.deepEqual([methods.get('a')!.idempotent, methods.get('b')!.idempotent], [true, false])
})

test('a validator that breaks is an error of the callee, no bad input', async () => {
  const broken = { '~standard': { version: 1, vendor: 'test', validate: (): never => assert.fail('broken') } } as const
  const error = await rejection(() => invoke(procedure.input(broken).handler(never), 1))
  assert.equal(error.code, 'ERR_ASSERTION')
})

test('what is no validator or no function is a TypeError at once', () => {
  for (const wrong of [undefined, null, {}, 'text', { '~standard': {} }] as unknown[]) {
    assert.throws(() => procedure.input(wrong as StandardSchema), TypeError)
    assert.throws(() => procedure.output(wrong as StandardSchema), TypeError)
    assert.throws(() => procedure.use(wrong as () => unknown), TypeError)
    assert.throws(() => procedure.handler(wrong as () => unknown), TypeError)
  }
  assert.throws(() => procedure.doc(5 as unknown as string), TypeError)
})
