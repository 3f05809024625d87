import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  APPLICATION_CODE_MIN,
  BraidError,
  type CodeName,
  codeName,
  codeNumber,
  codes,
  errorFromWire,
} from './errors.ts'

const all = Object.entries(codes) as [CodeName, { number?: number; meaning: string }][]

test('numbers on the wire are those of the specification', () => {
  const numbered = all.filter(([, { number }]) => number !== undefined).map(([name, { number }]) => `${number} ${name}`)
  const specified =
    '1 PROTOCOL, 2 BAD_LIMITS, 3 FRAME_SIZE, 4 UNKNOWN_FRAME, 5 STREAM_ID, 6 LIMIT_EXCEEDED, 7 STREAM_STATE, ' +
    '8 FLOW_CONTROL, 9 REFUSED, 10 INTERNAL, 11 INTEGRITY, 12 FLOOD, 13 SLOW_PEER, 14 CANCELLED, 15 DEADLINE, ' +
    '16 EXHAUSTED, 17 UNIMPLEMENTED, 18 INVALID_INPUT, 19 DENIED, 20 NOT_FOUND, 21 GOING_AWAY, 22 VERSION, 23 SUPERSEDED, 24 SESSION_LOST'
  assert.equal(numbered.join(', '), specified)
})

test('each code says what happened', () => {
  for (const [name, { meaning }] of all) {
    assert.match(meaning, /^[A-Z].*\.$/, name)
  }
})

test('a number and its name find each other', () => {
  for (const [name, { number }] of all) {
    if (number !== undefined) assert.equal(codeName(number), name)
    assert.equal(codeNumber(name), number ?? codeNumber('CANCELLED'))
  }
})

test('a number nobody knows reads as INTERNAL, one of the application as RESET', () => {
  for (const number of [0, 25, APPLICATION_CODE_MIN - 1]) assert.equal(codeName(number), 'INTERNAL')
  for (const number of [APPLICATION_CODE_MIN, 2 ** 40]) assert.equal(codeName(number), 'RESET')
})

test('an error is local, about the session and maybe executed unless it says otherwise', () => {
  const error = new BraidError('PROTOCOL', 'text')
  const { name, code, message, scope, initiator, executed, number, reason, details } = error
  assert.deepEqual(
    { name, code, message, scope, initiator, executed, number, reason, details },
    {
      name: 'BraidError',
      code: 'BRAID_PROTOCOL',
      message: 'text',
      scope: 'session',
      initiator: 'local',
      executed: 'maybe',
      number: 1,
      reason: '',
      details: undefined,
    },
  )
  assert.equal('cause' in error, false)
})

test('an error keeps what caused it', () => {
  const cause = new Error('why')
  assert.equal(new BraidError('INTERNAL', 'text', { cause }).cause, cause)
})

test('codes that say so mean nothing was executed', () => {
  const safe = all.map(([name]) => name).filter((name) => new BraidError(name, '').executed === 'no')
  assert.deepEqual(safe, ['REFUSED', 'UNIMPLEMENTED', 'GOING_AWAY', 'UNREACHABLE', 'TLS'])
  assert.equal(new BraidError('REFUSED', '', { executed: 'maybe' }).executed, 'maybe')
})

test('an error off the wire carries the text and number of the peer', () => {
  const error = errorFromWire(77, 'because', { scope: 'stream' })
  assert.deepEqual(
    [error.code, error.number, error.reason, error.message, error.initiator, error.scope],
    ['BRAID_RESET', 77, 'because', 'because', 'remote', 'stream'],
  )
  const silent = errorFromWire(20, '', { scope: 'call' })
  assert.deepEqual([silent.message, silent.reason], [codes.NOT_FOUND.meaning, ''])
})
