// What a service tells of itself, and to whom.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import type { Session } from '../../session/session.ts'
import { guard } from './guard.ts'
import { listMethods } from './list.ts'
import { describe } from './manifest.ts'
import type { HandlerContext } from './method.ts'
import { mount } from './offer.ts'
import { procedure } from './procedure.ts'
import type { StandardSchema } from './schema.ts'

/** A call's context, as far as it matters here. */
function fakeContext(over: Partial<HandlerContext> = {}): HandlerContext {
  const { signal } = new AbortController()
  const none = { principal: undefined, method: 'x', metadata: {}, context: {}, remaining: () => undefined }
  return { session: {} as Session, signal, ...none, ...over }
}

const manifestOf = (api: object, ctx: HandlerContext = fakeContext(), chars?: number) =>
  describe(listMethods(api).methods, ctx, { chars })

/** A validator that lets everything pass, with properties of its own. */
function schema(own: object, standard: object = {}): StandardSchema {
  const validate = (value: unknown) => ({ value })
  return { '~standard': { version: 1, vendor: 'test', validate, ...standard }, ...own } as StandardSchema
}

test('shape, text and schemas of every method, as data', async () => {
  const manifest = await manifestOf({
    plain: (a: number) => a,
    files: {
      async *list() {
        yield 1
      },
    },
    read: procedure
      .doc('Reads.')
      .idempotent()
      .input(z.object({ name: z.string() }))
      .output(z.string())
      .handler(() => ''),
  })
  const draft = 'https://json-schema.org/draft/2020-12/schema'
  const properties = { name: { type: 'string' } }
  assert.deepEqual(manifest.methods.plain, { shape: 'call' })
  assert.deepEqual(manifest.methods['files.list'], { shape: 'items' })
  assert.deepEqual(manifest.methods.read, {
    shape: 'call',
    doc: 'Reads.',
    input: { $schema: draft, type: 'object', properties, required: ['name'] },
    output: { $schema: draft, type: 'string' },
    idempotent: true,
  })
  assert.deepEqual(JSON.parse(JSON.stringify(manifest)), manifest)
})

test('the ways validators offer a JSON Schema', async () => {
  const own = { type: 'string' }
  const input = async (given: StandardSchema) =>
    (await manifestOf({ made: procedure.input(given).handler(() => 1) })).methods.made!.input
  assert.equal((await input(type('number')))?.type, 'number')
  assert.deepEqual(await input(schema({ toJSONSchema: () => own })), own)
  assert.deepEqual(await input(schema({ toJsonSchema: () => own })), own)
  assert.deepEqual(await input(schema({}, { jsonSchema: { input: () => own } })), own)
  assert.equal(await input(v.string()), undefined)
})

test('a schema that cannot be told is left out', async () => {
  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic
  const bad = [() => assert.fail('cannot'), () => 'text', () => cyclic, () => ({ text: 'x'.repeat(20_000) }), () => []]
  for (const toJSONSchema of bad) {
    const manifest = await manifestOf({ made: procedure.input(schema({ toJSONSchema })).handler(() => 1) })
    assert.deepEqual(manifest, { methods: { made: { shape: 'call' } } })
  }
  const date = await manifestOf({ made: procedure.input(z.date()).handler(() => 1) })
  assert.deepEqual(date.methods.made, { shape: 'call' })
})

test('each caller is told only of what it may call', async () => {
  const api = {
    open: () => 1,
    admin: guard(async (ctx) => ctx.principal === 'admin', { stop: () => 2 }),
    broken: guard(
      () => assert.fail('broken'),
      () => 3,
    ),
  }
  assert.deepEqual(Object.keys((await manifestOf(api)).methods), ['open'])
  const admin = await manifestOf(api, fakeContext({ principal: 'admin' }))
  assert.deepEqual(Object.keys(admin.methods), ['open', 'admin.stop'])
})

test('a guard is asked once for all of its subtree, and none behind a no', async () => {
  const asked: string[] = []
  const say = (name: string, answer: boolean) => async () => asked.push(name) > 0 && answer
  const inner = guard(say('inner', true), { c: () => 1, d: () => 2 })
  const api = { a: guard(say('open', true), { inner, e: () => 3 }), b: guard(say('closed', false), { inner }) }
  assert.deepEqual(Object.keys((await manifestOf(api)).methods), ['a.inner.c', 'a.inner.d', 'a.e'])
  assert.deepEqual(asked, ['open', 'inner', 'closed'])
})

test('it is bounded, and says when it is not complete', async () => {
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`method${index}`, () => index]))
  assert.equal((await manifestOf(many)).truncated, undefined)
  const cut = await manifestOf(many, fakeContext(), 2000)
  assert.equal(cut.truncated, true)
  assert.ok(JSON.stringify(cut).length < 2100)
  await assert.rejects(manifestOf(many, fakeContext(), 5), RangeError)
})

test('it says where sub-services begin, to those who may call them', async () => {
  const handler = { invoke: () => 1 }
  const { methods, mounts } = listMethods({
    a: mount(handler),
    b: { c: guard((ctx) => ctx.principal === 1, mount(handler)) },
  })
  assert.deepEqual(await describe(methods, fakeContext(), { mounts }), { methods: {}, mounts: ['a'] })
  const both = await describe(methods, fakeContext({ principal: 1 }), { mounts })
  assert.deepEqual(both.mounts, ['a', 'b.c'])
})
