// Errors as they travel: what the caller sees of what was thrown.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError, type CodeName, errorFromWire } from '../engine/errors.ts'
import { incoming, outgoing, RpcError } from './failure.ts'

/** What the session does between the two: number, the reason up to 256 bytes, and details. */
function carry(thrown: unknown, exposeErrors = false): unknown {
  const sent = outgoing(thrown, exposeErrors)
  if (!(sent instanceof BraidError)) return 'hidden'
  return incoming(errorFromWire(sent.number, sent.message.slice(0, 256), { scope: 'call', details: sent.details }))
}

test('an RpcError arrives with name, code, message and data', () => {
  const data = { left: 0n, until: new Date(5), list: [undefined] }
  const error = carry(new RpcError('EXHAUSTED', 'sold out', { name: 'SoldOut', data }))
  assert.ok(error instanceof RpcError && error instanceof BraidError && error instanceof Error)
  assert.deepEqual([error.name, error.code, error.message], ['SoldOut', 'BRAID_EXHAUSTED', 'sold out'])
  assert.deepEqual(error.data, data)
  assert.deepEqual([error.scope, error.initiator, error.executed], ['call', 'remote', 'maybe'])
})

test('a BraidError keeps code and text', () => {
  for (const code of ['INVALID_INPUT', 'DENIED', 'NOT_FOUND', 'EXHAUSTED', 'DEADLINE'] as CodeName[]) {
    const error = carry(new BraidError(code, `because ${code}`)) as BraidError
    assert.deepEqual([error.code, error.message], [`BRAID_${code}`, `because ${code}`])
  }
})

test('a code of the application keeps its number', () => {
  const error = carry(new RpcError('RESET', 'mine', { number: 77, data: 1 })) as RpcError
  assert.deepEqual([error.code, error.number, error.data], ['BRAID_RESET', 77, 1])
})

test('a long message arrives whole, an endless one cut', () => {
  assert.equal((carry(new BraidError('NOT_FOUND', 'é'.repeat(2000))) as BraidError).message, 'é'.repeat(2000))
  assert.equal((carry(new BraidError('NOT_FOUND', 'x'.repeat(9000))) as BraidError).message.length, 4096)
})

test('anything else is left for the session to hide', () => {
  for (const thrown of [new Error('secret'), new TypeError('secret'), 'secret', undefined, { code: 'BRAID_DENIED' }]) {
    assert.equal(carry(thrown), 'hidden')
    assert.equal(outgoing(thrown, false), thrown)
  }
})

test('exposeErrors shows name, text and data of anything', () => {
  const error = carry(Object.assign(new RangeError('too far'), { data: [1] }), true) as RpcError
  assert.deepEqual(
    [error.name, error.code, error.message, error.data],
    ['RangeError', 'BRAID_INTERNAL', 'too far', [1]],
  )
  assert.equal((carry('just text', true) as BraidError).message, 'just text')
})

test('the loss of another session stays an inner matter', () => {
  assert.equal(carry(new BraidError('TRANSPORT_LOST', 'the database is gone')), 'hidden')
  const error = carry(new BraidError('TRANSPORT_LOST', 'the database is gone'), true) as BraidError
  assert.deepEqual([error.code, error.message], ['BRAID_INTERNAL', 'the database is gone'])
})

test('a refusal passed on no longer promises that nothing was executed', () => {
  const refusal = errorFromWire(9, 'busy', { scope: 'call' })
  assert.equal(refusal.executed, 'no')
  const error = carry(refusal) as BraidError
  assert.deepEqual([error.code, error.executed], ['BRAID_REFUSED', 'maybe'])
  assert.equal((carry(new BraidError('REFUSED', 'busy')) as BraidError).executed, 'no')
})

test('data that cannot travel or is too long costs only the data', () => {
  for (const data of [() => 0, 'x'.repeat(10_000)]) {
    const error = carry(new RpcError('DENIED', 'no', { name: 'Mine', data })) as RpcError
    assert.deepEqual([error.name, error.code, error.message, error.data], ['Mine', 'BRAID_DENIED', 'no', undefined])
  }
})

test('details that are no value or of another form leave the error as it was', () => {
  for (const details of [
    Uint8Array.of(0xc1),
    Uint8Array.of(0xdd, 1),
    Uint8Array.of(1),
    Uint8Array.of(0x80),
    Uint8Array.of(),
  ]) {
    const error = incoming(errorFromWire(20, 'gone', { details })) as BraidError
    assert.deepEqual([error.code, error.message], ['BRAID_NOT_FOUND', 'gone'])
  }
  const other = new TypeError('local')
  assert.equal(incoming(other), other)
})
