// Typed paths, the places files go to, and which places collide.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { refuseCollisions, servedPath, targetOf } from './paths.ts'

const job = (path: string, target: string) => ({ path, target })

test('servedPath drops only what a person adds to a folder', () => {
  assert.equal(servedPath('a/b'), 'a/b')
  assert.equal(servedPath('a/b//'), 'a/b')
  assert.equal(servedPath('.'), '')
  assert.equal(servedPath('/'), '/')
  assert.equal(servedPath('./a'), './a')
})

test('targetOf puts a path under its last name', () => {
  assert.equal(targetOf('a/b.txt', 'd'), join('d', 'b.txt'))
  assert.equal(targetOf('a', '.'), 'a')
  assert.equal(targetOf('', 'd'), 'd')
})

test('refuseCollisions lets different targets pass', () => {
  refuseCollisions([job('a/x', 'd/x'), job('b/y', 'd/y'), job('c/z', 'd/c/z')], ['d/c'])
})

test('refuseCollisions names two sources for one target', () => {
  assert.throws(
    () => refuseCollisions([job('a/x', 'd/x'), job('b/x', './d/x')], []),
    /"a\/x" and "b\/x" would both become/,
  )
  assert.throws(() => refuseCollisions([job('a', 'a'), job('a', 'a')], []), /"a" is asked for twice/)
})

test('refuseCollisions sees a file where another needs a folder', () => {
  assert.throws(() => refuseCollisions([job('a/x', 'd/x'), job('b/x/y', 'd/x/y')], []), /where a folder is needed/)
  assert.throws(() => refuseCollisions([job('a/x', 'd/x')], ['d/x']), /where a folder is needed/)
})
