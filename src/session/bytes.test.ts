import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesIn, isBytes, joined } from './bytes.ts'

const pieces = [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)]

test('bytes are one array or a list of such, and nothing else', () => {
  assert.ok(isBytes(pieces[0]) && isBytes(pieces) && isBytes([]))
  for (const other of ['x', [1], null, undefined, new ArrayBuffer(1), [new Uint8Array(1), 'x']])
    assert.ok(!isBytes(other))
})

test('pieces are counted and joined in order, behind the room asked for', () => {
  assert.deepEqual([bytesIn(pieces), bytesIn(pieces[0]!), bytesIn([])], [3, 2, 0])
  assert.deepEqual(joined(pieces), Uint8Array.of(1, 2, 3))
  assert.deepEqual(joined(pieces, 1), Uint8Array.of(0, 1, 2, 3))
  assert.deepEqual(joined(Uint8Array.of(7), 2), Uint8Array.of(0, 0, 7))
})

test('bytes in one piece are not copied', () => {
  assert.equal(joined(pieces[0]!), pieces[0])
})
