// Suggestions for misspelt names.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from './nearest.ts'

const names = ['read', 'readFile', 'writeFile', 'ls']

test('a name with one or two slips is recognised', () => {
  for (const slip of ['readFlie', 'readfile', 'readFil', 'readFiles', 'reedFile', 'READFILE']) {
    assert.equal(nearest(slip, names), 'readFile', slip)
  }
  assert.equal(nearest('lz', names), 'ls')
  assert.equal(nearest('raed', names), 'read')
})

test('the nearest of several wins', () => {
  assert.equal(nearest('reads', ['ready!', 'reads!', 'read']), 'reads!')
})

test('what resembles nothing gets no suggestion', () => {
  for (const name of ['', 'x', 'remove', 'file', 'x'.repeat(128)]) assert.equal(nearest(name, names), undefined, name)
})

test('a stranger who asks often costs little', () => {
  const many = Array.from({ length: 5000 }, (_, at) => `${'a'.repeat(60)}${at % 10}`)
  const started = performance.now()
  for (let round = 0; round < 3; round++) nearest(`${'a'.repeat(60)}bb`, many)
  assert.ok(performance.now() - started < 1000)
})
