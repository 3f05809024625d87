// Every code has a status of gRPC, and every status a code.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError, type CodeName, codes } from '../engine/errors.ts'
import { codeOfGrpc, grpcStatus } from './status.ts'

test('every code has a status that is a failure', () => {
  for (const name of Object.keys(codes) as CodeName[]) {
    const status = grpcStatus(new BraidError(name, 'x'))
    assert.ok(status.code >= 1 && status.code <= 16, name)
  }
})

test('every status has a code, and common ones lead back to themselves', () => {
  assert.equal(codeOfGrpc(0), undefined)
  for (let number = 1; number <= 16; number++) {
    const name = codeOfGrpc(number)
    assert.ok(name !== undefined && name in codes, String(number))
  }
  for (const number of [1, 3, 4, 5, 7, 8, 12, 13, 14, 15]) {
    assert.equal(grpcStatus(new BraidError(codeOfGrpc(number)!, 'x')).code, number)
  }
  assert.equal(codeOfGrpc(17), 'INTERNAL')
  assert.equal(codeOfGrpc(-1), 'INTERNAL')
})

test('a status never promises that nothing was executed when it may have been', () => {
  for (const number of [2, 14]) assert.equal(new BraidError(codeOfGrpc(number)!, 'x').executed, 'maybe')
})

test('what is no error of Braidwire is UNKNOWN, no error is OK', () => {
  assert.deepEqual(grpcStatus(undefined), { code: 0, name: 'OK' })
  for (const error of [new Error('x'), 'text', { code: 'BRAID_toString' }, { code: 'ENOENT' }, { code: 5 }]) {
    assert.deepEqual(grpcStatus(error), { code: 2, name: 'UNKNOWN' })
  }
})
