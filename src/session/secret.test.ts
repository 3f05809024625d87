// Secrets: nobody can guess them, and equal is what has the same bytes, no more and no fewer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sameSecret, secretBytes } from './secret.ts'

test('secretBytes are as many as asked for, and others each time', () => {
  assert.equal(secretBytes(32).length, 32)
  assert.notDeepEqual(secretBytes(32), secretBytes(32))
})

test('sameSecret tells a secret from every other that differs in one bit or in its length', () => {
  const secret = Uint8Array.of(0, 1, 2, 0)
  assert.ok(sameSecret(secret, secret.slice()))
  assert.ok(sameSecret(new Uint8Array(0), new Uint8Array(0)))
  for (let bit = 0; bit < 32; bit++) {
    const other = secret.slice()
    other[bit >> 3]! ^= 1 << (bit & 7)
    assert.ok(!sameSecret(other, secret), `bit ${bit}`)
  }
  for (const other of [[], [0], [0, 1, 2], [0, 1, 2, 0, 0], [0, 1, 2, 0, 1]]) {
    assert.ok(!sameSecret(Uint8Array.from(other), secret), String(other))
    assert.ok(!sameSecret(secret, Uint8Array.from(other)), String(other))
  }
})
