// The format of a listing, from honest and from hostile servers.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import { encodeBatch, parseBatch } from './list.ts'

const isProtocolError = (error: unknown) => error instanceof BraidError && error.code === 'BRAID_PROTOCOL'
const bytes = (text: string) => new TextEncoder().encode(text)

test('a batch of entries comes back as it was encoded', () => {
  const entries = [
    { path: 'a b#c%20.txt', folder: false, size: 7, mtimeMs: 1.5 },
    { path: 'ü/🙂', folder: true, size: 0, mtimeMs: 0 },
  ]
  assert.deepEqual(parseBatch(encodeBatch(entries)), entries)
})

test('a batch that names a way out of the folder is refused', () => {
  for (const path of ['../x', '/x', 'a/../../x', 'a\\..\\x', 'a\u0000', '']) {
    const hostile = bytes(JSON.stringify([[path, 1, 0]]))
    assert.throws(() => parseBatch(hostile), isProtocolError, path)
  }
})

test('a malformed batch is refused', () => {
  for (const text of ['', '{}', '[1]', '[[]]', '[["a",-1,0]]', '[["a",1.5,0]]', '[["a",1]]', '[["a",null,"x"]]']) {
    assert.throws(() => parseBatch(bytes(text)), isProtocolError, text)
  }
})
