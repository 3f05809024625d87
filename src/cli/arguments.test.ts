// The command line: what is taken, and the sentence for what is not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ArgsDef } from 'citty'
import { readArguments } from './arguments.ts'
import { Refusal } from './say.ts'

const definition: ArgsDef = {
  url: { type: 'positional' },
  'path...': { type: 'positional' },
  recursive: { type: 'boolean', alias: 'r' },
  out: { type: 'string', alias: 'o' },
}

const single: ArgsDef = { url: { type: 'positional' }, path: { type: 'positional', required: false } }

const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof Refusal && error.exitCode === 2 && pattern.test(error.message)

test('readArguments takes switches, values and positionals in any order', () => {
  const { flags, values, positionals } = readArguments(['u', '-o', 'd', 'a', '-r', 'b', '--out=e'], definition)
  assert.deepEqual([...flags], ['recursive'])
  assert.deepEqual(values.get('out'), ['d', 'e'])
  assert.deepEqual(positionals, ['u', 'a', 'b'])
})

test('readArguments takes everything behind -- literally', () => {
  const { flags, positionals } = readArguments(['u', '--', '-r', '--out'], definition)
  assert.equal(flags.size, 0)
  assert.deepEqual(positionals, ['u', '-r', '--out'])
})

test('readArguments refuses options that do not exist', () => {
  for (const option of ['--verbose', '-x', '--constructor', '--no-recursive', '--__proto__']) {
    assert.throws(() => readArguments(['u', 'a', option], definition), refused(/there is no option/), option)
  }
})

test('readArguments refuses values that are missing or not taken', () => {
  assert.throws(() => readArguments(['u', 'a', '-o'], definition), refused(/-o needs a value/))
  assert.throws(() => readArguments(['u', 'a', '-o', '-r'], definition), refused(/-o needs a value/))
  assert.throws(() => readArguments(['u', 'a', '--out='], definition), refused(/--out needs a value/))
  assert.throws(() => readArguments(['u', 'a', '--recursive=yes'], definition), refused(/takes no value/))
})

test('readArguments refuses positionals that are missing or too many', () => {
  assert.throws(() => readArguments([], definition), refused(/url is missing/))
  assert.throws(() => readArguments(['u'], definition), refused(/path is missing/))
  assert.throws(() => readArguments([''], single), refused(/url is empty/))
  assert.throws(() => readArguments(['u', 'a', 'b'], single), refused(/"b" is too much/))
  assert.deepEqual(readArguments(['u'], single).positionals, ['u'])
})
