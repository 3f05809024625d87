// Errors as they travel: what the caller sees of what was thrown.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError, type CodeName, errorFromWire } from '../engine/errors.ts'
import { json } from './codec/json.ts'
import { msgpack } from './codec/msgpack.ts'
import { decodeFailure, encodeFailure, type FailurePolicy, hideAll, incoming, outgoing, RpcError } from './failure.ts'

const openly: FailurePolicy = { ...hideAll, exposeErrors: true }

/** What the session does between the two: number, the reason up to 256 bytes, and details. */
function carry(thrown: unknown, policy = hideAll, codec = msgpack): unknown {
  const sent = outgoing(thrown, policy, codec, 'm')
  const { number, message, details } = sent
  return incoming(errorFromWire(number, message.slice(0, 256), { scope: 'call', details }), codec)
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

test('anything else is hidden, and told to the owner under an id the caller gets', () => {
  for (const thrown of [new Error('secret'), new TypeError('secret'), 'secret', undefined, { code: 'BRAID_DENIED' }]) {
    const told: unknown[] = []
    const hidden = (error: unknown, method: string): string => `id${told.push(error, method)}`
    const error = carry(thrown, { ...hideAll, hidden }) as BraidError
    assert.equal(error.code, 'BRAID_INTERNAL')
    assert.match(error.message, /log id id2$/)
    assert.deepEqual(told, [thrown, 'm'])
    assert.doesNotMatch(JSON.stringify(carry(thrown)), /secret/)
  }
})

test('a cause travels with an error of ours, a stack only when asked', () => {
  const thrown = new RpcError('NOT_FOUND', 'gone', { cause: new RangeError('why') })
  for (const codec of [msgpack, json]) {
    const error = carry(thrown, hideAll, codec) as RpcError
    assert.ok(error.cause instanceof RangeError)
    assert.deepEqual([error.cause.message, error.remoteStack], ['why', undefined])
  }
  const shown = carry(thrown, { ...hideAll, exposeStacks: true }) as RpcError
  assert.equal(shown.remoteStack, thrown.stack)
})

test('a failure is the same as one value, for a stream', () => {
  const thrown = new RpcError('RESET', 'mine', { name: 'Mine', number: 77, data: [1] })
  const error = decodeFailure(encodeFailure(thrown, hideAll, msgpack, 'm') as Uint8Array, msgpack)
  const { name, code, number, message, data, initiator } = error
  assert.deepEqual([name, code, number, message, data], ['Mine', 'BRAID_RESET', 77, 'mine', [1]])
  assert.equal(initiator, 'remote')
  assert.equal(decodeFailure(Uint8Array.of(0xc1), msgpack).code, 'BRAID_INTERNAL')
})

test('exposeErrors shows name, text and data of anything', () => {
  const error = carry(Object.assign(new RangeError('too far'), { data: [1] }), openly) as RpcError
  assert.deepEqual(
    [error.name, error.code, error.message, error.data],
    ['RangeError', 'BRAID_INTERNAL', 'too far', [1]],
  )
  assert.equal((carry('just text', openly) as BraidError).message, 'just text')
})

test('the loss of another session stays an inner matter', () => {
  const lost = new BraidError('TRANSPORT_LOST', 'the database is gone')
  assert.notEqual((carry(lost) as BraidError).message, lost.message)
  const error = carry(lost, openly) as BraidError
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
    const error = incoming(errorFromWire(20, 'gone', { details }), msgpack) as BraidError
    assert.deepEqual([error.code, error.message], ['BRAID_NOT_FOUND', 'gone'])
  }
  const other = new TypeError('local')
  assert.equal(incoming(other, msgpack), other)
})
