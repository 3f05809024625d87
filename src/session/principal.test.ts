// Who counts as the same one again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { samePrincipal } from './principal.ts'

class User {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

const ada = new User('ada')
function cycle(): object {
  const one: { self?: object } = {}
  one.self = one
  return one
}

const bare = (entries: object): object => Object.assign(Object.create(null), entries)

const same: [string, unknown, unknown][] = [
  ['nothing', undefined, undefined],
  ['a text', 'ada', 'ada'],
  ['NaN', Number.NaN, Number.NaN],
  ['a big number', 10n, 10n],
  ['one instance', ada, ada],
  ['plain data', { name: 'ada', roles: ['a', 'b'] }, { roles: ['a', 'b'], name: 'ada' }],
  ['plain data without a prototype', bare({ name: 'ada' }), bare({ name: 'ada' })],
  ['dates', { since: new Date(5) }, { since: new Date(5) }],
  ['data with a key like a method', { valueOf: 1 }, { valueOf: 1 }],
  ['bytes', Uint8Array.of(1, 2), Uint8Array.of(1, 2)],
  ['the same instance within', { user: ada }, { user: ada }],
]

const other: [string, unknown, unknown][] = [
  ['nothing and null', undefined, null],
  ['a text and another', 'ada', 'bob'],
  ['a text and a number', '1', 1],
  ['zeros of two signs', 0, -0],
  ['null and an object', null, {}],
  ['two instances that say the same', new User('ada'), new User('ada')],
  ['an instance and plain data', ada, { name: 'ada' }],
  ['fewer keys', { name: 'ada', role: 'a' }, { name: 'ada' }],
  ['more keys', { name: 'ada' }, { name: 'ada', role: 'a' }],
  ['another key', { name: undefined }, { role: undefined }],
  ['an inherited key', { toString: undefined }, { other: undefined }],
  ['a list and an object', ['a'], { 0: 'a' }],
  ['lists of another order', ['a', 'b'], ['b', 'a']],
  ['dates of another time', new Date(5), new Date(6)],
  ['other bytes', Uint8Array.of(1), Uint8Array.of(2)],
  ['maps', new Map([['a', 1]]), new Map([['a', 1]])],
  ['sets', new Set(['a']), new Set(['b'])],
  ['data that contains itself', cycle(), cycle()],
  ['functions', () => 1, () => 1],
  ['something deep within', { a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 2 }] } }],
]

for (const [what, one, two] of same) {
  test(`principal: ${what} are the same`, () => {
    assert.equal(samePrincipal(one, two), true)
    assert.equal(samePrincipal(two, one), true)
  })
}

for (const [what, one, two] of other) {
  test(`principal: ${what} are not the same`, () => {
    assert.equal(samePrincipal(one, two), false)
    assert.equal(samePrincipal(two, one), false)
  })
}
