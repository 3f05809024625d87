import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Half, type HalfInput, half, isFinal, step } from './state.ts'

const states: Half[] = ['open', 'ended', 'reset']
const inputs: HalfInput[] = ['end', 'reset']

test('the table of a half has these pairs and no other', () => {
  const pairs = states.flatMap((state) => inputs.map((input) => `${state} ${input}: ${half[state][input]}`))
  assert.deepEqual(pairs, [
    'open end: ended',
    'open reset: reset',
    'ended end: undefined',
    'ended reset: undefined',
    'reset end: undefined',
    'reset reset: undefined',
  ])
  assert.deepEqual(Object.keys(half), states)
})

test('a half is final when it takes no input', () => {
  for (const state of states)
    assert.equal(
      isFinal(state),
      inputs.every((input) => half[state][input] === undefined),
    )
})

test('a step is what the table says, and a bug of ours when it says nothing', () => {
  assert.equal(step('open', 'end'), 'ended')
  assert.equal(step('open', 'reset'), 'reset')
  assert.throws(() => step('ended', 'end'), RangeError)
})
