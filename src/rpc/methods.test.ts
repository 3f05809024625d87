// What of an object can be called from outside, and what never.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canBeMethod, listMethods } from './methods.ts'

const names = (api: object, only?: readonly string[]): string[] => [...listMethods(api, only).keys()].sort()
const noop = (): void => {}

class Animal {
  inherited(): void {}
}
class Dog extends Animal {
  static kennel(): void {}
  bark = noop
  readonly age = 3
  #secret(): void {}
  get tail(): () => void {
    throw new Error('a getter was run')
  }
  sit(): void {
    this.#secret()
  }
  override toString(): string {
    return 'dog'
  }
}

test('a plain object offers its own functions and nothing it inherits', () => {
  assert.deepEqual(names({ read: noop, write: noop, size: 3, [Symbol('s')]: noop }), ['read', 'write'])
  assert.deepEqual(names(Object.assign(Object.create(null), { read: noop })), ['read'])
  assert.throws(() => listMethods(Object.create({ read: noop, __proto__: { base: noop } }), ['valueOf']), TypeError)
})

test('an instance offers its own functions and the methods of its class', () => {
  assert.deepEqual(names(new Dog()), ['bark', 'sit'])
})

test('inherited methods are offered only by name', () => {
  assert.deepEqual(names(new Dog(), ['inherited', 'sit']), ['inherited', 'sit'])
  assert.throws(() => listMethods(new Dog(), ['hasOwnProperty']), /no method "hasOwnProperty"/)
  assert.throws(() => listMethods(new Dog(), ['age']), /no method "age"/)
  assert.throws(() => listMethods(new Dog(), ['constructor']), TypeError)
})

test('names every object has, then and toJSON are never offered', () => {
  const odd = ['constructor', 'toString', 'valueOf', 'then', 'toJSON', 'hasOwnProperty', 'read']
  const api = Object.fromEntries(odd.map((name) => [name, noop]))
  Object.defineProperty(api, '__proto__', { value: noop, enumerable: true })
  assert.deepEqual(names(api), ['read'])
})

test('getters are never run', () => {
  const api = {
    read: noop,
    get now(): () => void {
      throw new Error('a getter was run')
    },
  }
  assert.deepEqual(names(api), ['read'])
})

test('what cannot be exposed is a TypeError', () => {
  const bad: unknown[] = [null, undefined, 'text', noop, [noop], {}, { size: 3 }, { with: noop }, { $call: noop }]
  for (const api of [...bad, { '': noop }, { ['é'.repeat(65)]: noop }]) {
    assert.throws(() => listMethods(api as object), TypeError)
  }
  assert.deepEqual(names({ ['é'.repeat(64)]: noop }), ['é'.repeat(64)])
})

test('names a client never asks for are those no service offers', () => {
  for (const name of ['then', 'toJSON', 'constructor', '__proto__', '__defineGetter__', 'toString', '', '$message']) {
    assert.equal(canBeMethod(name), false, name)
  }
  for (const name of ['read', 'files.read', '_x', 'catch', 'prototype']) assert.equal(canBeMethod(name), true, name)
})
