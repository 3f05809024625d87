// Which names a method may have, and which a client keeps.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canBeMethod, isNeverOffered, joinName } from './names.ts'

test('a name is made of segments, and short enough as a whole', () => {
  for (const name of ['read', 'files.read', '_x', 'catch', 'prototype', 'a.b.c', 'x'.repeat(128), 'é'.repeat(64)]) {
    assert.equal(canBeMethod(name), true, name)
  }
  const bad = ['', '.', 'a.', '.a', 'a..b', '$message', 'a.$b', 'x'.repeat(129), 'é'.repeat(65), `a.${'x'.repeat(127)}`]
  for (const name of bad) assert.equal(canBeMethod(name), false, name)
})

test('names a client never asks for are those no service offers', () => {
  for (const name of ['then', 'toJSON', 'constructor', '__proto__', '__defineGetter__', 'toString']) {
    assert.equal(isNeverOffered(name), true, name)
    assert.equal(canBeMethod(name), false, name)
    assert.equal(canBeMethod(`files.${name}`), false, name)
  }
})

test('the words of a client are no names, at any level', () => {
  for (const name of ['with', 'safe', 'tell', 'files.with', 'safe.read']) assert.equal(canBeMethod(name), false, name)
  assert.throws(() => joinName(['files', 'safe']), /"files\.safe": clients have "safe" for themselves/)
})

test('joining says what is wrong', () => {
  assert.equal(joinName(['files', 'read']), 'files.read')
  assert.throws(() => joinName(['a.b']), /"a\.b": "a\.b" is empty, has a dot/)
  assert.throws(() => joinName(['$call']), TypeError)
  assert.throws(() => joinName(['']), TypeError)
  assert.throws(() => joinName(['x'.repeat(100), 'y'.repeat(100)]), /at most 128 bytes/)
})
