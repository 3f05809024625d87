// What an application says, and how the wire puts it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError, codes } from '../engine/errors.ts'
import { checkName, decodeMeta, encodeMeta, failureOf, restate, toNumber, toReason } from './words.ts'

test('codes are names of the table with or without prefix, or numbers of it, or from 64', () => {
  assert.equal(toNumber('CANCELLED'), codes.CANCELLED.number)
  assert.equal(toNumber('BRAID_INTERNAL'), codes.INTERNAL.number)
  assert.equal(toNumber('CLOSED'), codes.CANCELLED.number)
  for (const code of [1, 10, 24, 64, 1_000_000]) assert.equal(toNumber(code), code)
  for (const code of [0, 25, 63, -1, 1.5, 64.5, Number.NaN, 2 ** 53]) assert.throws(() => toNumber(code), RangeError)
  for (const code of ['', 'NOPE', 'toString', 'BRAID_']) assert.throws(() => toNumber(code as 'INTERNAL'), TypeError)
})

test('reasons are cut to 256 bytes, never within a character', () => {
  assert.equal(toReason(undefined), '')
  assert.equal(toReason('short'), 'short')
  assert.equal(toReason('x'.repeat(300)), 'x'.repeat(256))
  assert.equal(toReason('\u20ac'.repeat(100)), '\u20ac'.repeat(85))
  const cut = toReason(`x${'\u{1f600}'.repeat(65)}`)
  assert.equal(Buffer.from(cut).toString(), cut)
  assert.equal(Buffer.byteLength(cut), 253)
})

test('names take up to 128 bytes', () => {
  checkName('x'.repeat(128), 'stream')
  checkName('\u20ac'.repeat(42), 'stream')
  assert.throws(() => checkName('x'.repeat(129), 'stream'), RangeError)
  assert.throws(() => checkName('\u20ac'.repeat(43), 'stream'), RangeError)
  assert.throws(() => checkName(undefined as unknown as string, 'stream'), TypeError)
})

test('metadata comes back as it went', () => {
  for (const meta of [null, 0, '', 'text', [1, { a: [true] }], { deep: { er: null } }, Uint8Array.of(1, 2)]) {
    assert.deepEqual(decodeMeta(encodeMeta(meta, 1000)), meta)
  }
  assert.equal(encodeMeta(undefined, 0), undefined)
  assert.equal(decodeMeta(undefined), undefined)
})

test('metadata that JSON cannot say or the peer does not take is refused', () => {
  assert.throws(() => encodeMeta((() => {}) as unknown as string, 1000), TypeError)
  assert.throws(() => encodeMeta('x'.repeat(99), 100), { code: 'BRAID_INVALID_INPUT', executed: 'no' })
  assert.throws(() => encodeMeta(new Uint8Array(101), 100), { code: 'BRAID_INVALID_INPUT' })
  assert.throws(() => decodeMeta({ json: true, bytes: Uint8Array.of(0xc3) }), TypeError)
  assert.throws(() => decodeMeta({ json: true, bytes: Uint8Array.of(0x7b) }), SyntaxError)
})

test('failures of handlers tell the peer the code and text of a BraidError that may travel, of others nothing', () => {
  const details = Uint8Array.of(1)
  assert.deepEqual(failureOf(new BraidError('DENIED', 'no', { details }), false), { number: 19, text: 'no', details })
  const hidden = { number: 10, text: '', details: undefined }
  assert.deepEqual(failureOf(new BraidError('TRANSPORT_LOST', 'secret host'), false), hidden)
  assert.deepEqual(failureOf(new Error('secret'), false), hidden)
  assert.deepEqual(failureOf(new Error('told'), true), { ...hidden, text: 'told' })
  assert.deepEqual(failureOf('thrown text', true), { ...hidden, text: 'thrown text' })
})

test('errors restated keep what is not said anew', () => {
  const error = new BraidError('RESET', 'text', { number: 70, reason: 'why', initiator: 'remote', scope: 'stream' })
  const other = restate(error, { executed: 'no', scope: 'call' })
  const { code, message, number, reason, initiator, scope, executed } = other
  assert.deepEqual(
    [code, message, number, reason, initiator, scope, executed],
    ['BRAID_RESET', 'text', 70, 'why', 'remote', 'call', 'no'],
  )
  assert.equal(other.cause, error)
})
