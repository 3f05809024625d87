// What of an object can be called from outside, under which names, and what never.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Session } from '../../session/session.ts'
import { withContext } from '../context.ts'
import { guard } from './guard.ts'
import { listMethods } from './list.ts'
import type { HandlerContext } from './method.ts'
import { mount, router } from './offer.ts'
import { procedure } from './procedure.ts'

/** A call's context, as far as it matters here. */
function fakeContext(over: Partial<HandlerContext> = {}): HandlerContext {
  const { signal } = new AbortController()
  const none = { principal: undefined, method: 'x', metadata: {}, context: {}, remaining: () => undefined }
  return { session: {} as Session, signal, ...none, ...over }
}

const names = (api: object, only?: readonly string[]): string[] => [...listMethods(api, { only }).methods.keys()].sort()
const call = (api: object, name: string, ...values: unknown[]): unknown =>
  listMethods(api)
    .methods.get(name)!
    .invoke(values, fakeContext({ method: name }))
const part = (api: object, ...names: string[]): object => router(api, Object.fromEntries([['only', names]]))
const noop = (): void => {}

class Animal {
  inherited(): void {}
}
class Dog extends Animal {
  static kennel(): void {}
  bark = noop
  readonly age = 3
  readonly state = { change: noop }
  #secret(): void {}
  get tail(): () => void {
    throw new Error('a getter was run')
  }
  sit(): this {
    this.#secret()
    return this
  }
  override toString(): string {
    return 'dog'
  }
}

test('a plain object offers its own functions and nothing it inherits', () => {
  assert.deepEqual(names({ read: noop, write: noop, size: 3, [Symbol('s')]: noop }), ['read', 'write'])
  assert.deepEqual(names(Object.assign(Object.create(null), { read: noop })), ['read'])
  assert.throws(() => names(Object.create({ read: noop, __proto__: { base: noop } }), ['valueOf']), TypeError)
})

test('an instance offers its own functions and the methods of its class, and no objects it holds', () => {
  assert.deepEqual(names(new Dog()), ['bark', 'sit'])
  assert.deepEqual(names(new Dog(), ['state.change']), ['state.change'])
  assert.deepEqual(names(new Dog(), ['state']), ['state.change'])
})

test('inherited methods are offered only by name', () => {
  assert.deepEqual(names(new Dog(), ['inherited', 'sit']), ['inherited', 'sit'])
  assert.throws(() => names(new Dog(), ['hasOwnProperty']), /no method "hasOwnProperty"/)
  assert.throws(() => names(new Dog(), ['age']), /no method "age"/)
  assert.throws(() => names(new Dog(), ['constructor']), TypeError)
  assert.throws(() => names({ dog: router(new Dog()) }, ['dog.__proto__.inherited']), TypeError)
})

test('names every object has, then and toJSON are never offered, at any level', () => {
  const odd = ['constructor', 'toString', 'valueOf', 'then', 'toJSON', 'hasOwnProperty', 'read']
  const api: Record<string, unknown> = Object.fromEntries(odd.map((name) => [name, noop]))
  Object.defineProperty(api, '__proto__', { value: noop, enumerable: true })
  assert.deepEqual(names(api), ['read'])
  assert.deepEqual(names({ files: api, valueOf: { read: noop } }), ['files.read'])
  for (const name of ['then', 'files.then', '__proto__']) assert.throws(() => names({ ...api, files: api }, [name]))
})

test('getters are never run, on the way neither', () => {
  const api = {
    read: noop,
    get now(): () => void {
      throw new Error('a getter was run')
    },
  }
  assert.deepEqual(names(api), ['read'])
  assert.throws(() => names(api, ['now']), /no method "now"/)
  assert.throws(() => names(api, ['now.x']), /no method "now\.x"/)
})

test('what cannot be exposed is a TypeError', () => {
  const alone = [procedure.handler(noop), mount({ invoke: noop })]
  const bad: unknown[] = [
    null,
    undefined,
    'text',
    noop,
    [noop],
    {},
    { size: 3 },
    { with: noop },
    { $call: noop },
    ...alone,
  ]
  const nested = [{ a: { safe: noop } }, { safe: { a: noop } }, { 'a.b': noop }, { $a: { b: noop } }, { a: { b: 3 } }]
  for (const api of [...bad, ...nested, { '': noop }, { ['é'.repeat(65)]: noop }]) {
    assert.throws(() => listMethods(api as object), TypeError)
  }
  assert.deepEqual(names({ ['é'.repeat(64)]: noop }), ['é'.repeat(64)])
  assert.throws(() => names({ ['x'.repeat(64)]: { ['y'.repeat(64)]: noop } }), /at most 128 bytes/)
})

test('data of any name is no offence', () => {
  assert.deepEqual(names({ read: noop, with: 3, $state: { a: 1 }, 'a.b': null, safe: { x: {} } }), ['read'])
})

test('plain objects within plain objects are subtrees; instances, lists and maps are not', () => {
  const api = { files: { read: noop, deep: { er: noop } }, dog: new Dog(), list: [noop], map: new Map([['a', noop]]) }
  assert.deepEqual(names({ ...api, now: noop }), ['files.deep.er', 'files.read', 'now'])
})

test('router makes a subtree of an instance, or of a part', () => {
  assert.deepEqual(names({ dog: router(new Dog()) }), ['dog.bark', 'dog.sit'])
  assert.deepEqual(names({ dog: part(new Dog(), 'inherited') }), ['dog.inherited'])
  assert.deepEqual(names(part({ a: noop, b: noop }, 'b')), ['b'])
  assert.throws(() => names({ dog: part(new Dog(), 'fly') }), /no method "dog\.fly"/)
  assert.throws(() => router(3 as unknown as object), TypeError)
  const dog = new Dog()
  assert.equal(call({ dog: router(dog) }, 'dog.sit'), dog)
})

test('only names methods or whole subtrees', () => {
  const api = { files: { read: noop, write: noop }, now: noop, dog: router(new Dog()) }
  assert.deepEqual(names(api, ['files.read']), ['files.read'])
  assert.deepEqual(names(api, ['files', 'now']), ['files.read', 'files.write', 'now'])
  assert.deepEqual(names(api, ['files.read', 'files']), ['files.read', 'files.write'])
  assert.deepEqual(names(api, ['dog.inherited']), ['dog.inherited'])
  assert.deepEqual(names({ admin: guard(() => true, api) }, ['admin.files.read']), ['admin.files.read'])
  for (const name of ['files.', '.files', 'files.x', 'now.x', 'x', '']) {
    assert.throws(() => names(api, [name]), TypeError, name)
  }
})

test('what a router leaves out cannot be named from outside of it', () => {
  const api = { dog: part({ a: noop, b: noop, deep: { c: noop, d: noop } }, 'a', 'deep.c') }
  assert.deepEqual(names(api), ['dog.a', 'dog.deep.c'])
  assert.deepEqual(names(api, ['dog.a', 'dog.deep.c']), ['dog.a', 'dog.deep.c'])
  for (const name of ['dog.b', 'dog.deep', 'dog.deep.d']) assert.throws(() => names(api, [name]), /no method/, name)
  assert.throws(() => names(api.dog, ['b']), /no method "b"/)
  assert.deepEqual(names(api.dog, ['a']), ['a'])
})

test('depth is bounded, and an object within itself is found out', () => {
  const nest = (depth: number): object => (depth === 1 ? { read: noop } : { a: nest(depth - 1) })
  assert.deepEqual(names(nest(8)), [`${'a.'.repeat(7)}read`])
  assert.throws(() => listMethods(nest(9)), /nested deeper than 8/)
  const self: Record<string, unknown> = { read: noop }
  self.self = self
  assert.throws(() => listMethods(self), /or within itself/)
  const wide = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`n${index}`, {}]))
  assert.throws(() => listMethods({ read: noop, wide }), /more than 10000 objects/)
  assert.deepEqual(names({ read: noop, wide }, ['read']), ['read'])
})

test('`this` is the object that holds the function', () => {
  const api = {
    base: 1,
    files: {
      base: 2,
      read(by: number): number {
        return this.base * by
      },
    },
    guarded: guard(
      () => true,
      function (this: { base: number }) {
        return this.base
      },
    ),
  }
  assert.equal(call(api, 'files.read', 5), 10)
  assert.equal(call(api, 'guarded'), 1)
})

test('functions that want their context get it, wherever they stand', () => {
  const api = { files: { who: withContext((ctx, prefix: string) => prefix + ctx.method) } }
  assert.equal(call(api, 'files.who', '>'), '>files.who')
})

test('the shape tells generators before they are called', () => {
  const api = {
    plain: noop,
    async *items() {
      yield 1
    },
    seen: withContext(async function* () {
      yield 1
    }),
    made: procedure.handler(async function* () {
      yield 1
    }),
  }
  const shapes = [...listMethods(api).methods].map(([name, { shape }]) => `${name} ${shape}`)
  assert.deepEqual(shapes, ['plain call', 'items items', 'seen items', 'made items'])
})

test('mounts are a list of their own, and take what is below them', async () => {
  const seen: unknown[] = []
  const handler = { invoke: (method: string, values: readonly unknown[]) => seen.push(method, ...values) }
  const api = { a: { b: mount(handler) }, c: guard(async () => false, mount(handler)) }
  const { methods, mounts } = listMethods(api)
  assert.equal(methods.size, 0)
  const [open, closed] = mounts
  assert.deepEqual([open?.prefix, closed?.prefix], ['a.b', 'c'])
  assert.deepEqual(
    ['a.b.read', 'a.b.x.y', 'a.b', 'a.b.', 'a.bc', 'a'].map((name) => open!.has(name)),
    [true, true, false, false, false, false],
  )
  open!.invoke('a.b.x.y', [1], fakeContext())
  assert.deepEqual(seen, ['x.y', 1])
  await assert.rejects(closed!.invoke('c.read', [], fakeContext()) as Promise<unknown>, { code: 'BRAID_DENIED' })
  assert.deepEqual([open!.admits(fakeContext()), await closed!.admits(fakeContext())], [true, false])
  assert.throws(() => mount({} as { invoke(): void }), TypeError)
})
