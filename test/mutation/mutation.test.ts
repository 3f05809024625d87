// The script that tests the tests, briefly: it finds places to break, knows caught from survived, and leaves the project as it is.
// `npm run mutate` tries many.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../sources.ts'
import { history } from './history.ts'
import { catchAll, inject } from './history-run.ts'
import { allMutants, equivalents, isEquivalent, sample, tryAll } from './mutants.ts'
import { changesOf } from './places.ts'

const all = allMutants()
const readBuilt = (path: string) => readFileSync(join(root, path), 'utf8')

test('every kind of change is found where it can be made', () => {
  const text = [
    'export function half(a, b) {',
    '  if (a < 2 && !b) return a / 2',
    '  let sum = 1000',
    '  sum += call(a, b)',
    '  return true',
    '}',
  ].join('\n')
  const changes = changesOf({ 'half.js': text }).get('half.js') ?? []
  const found = changes.map(({ start, end, put }) => `${text.slice(start, end)} -> ${put}`)
  const expected = [
    ' ->  return;',
    'a < 2 && !b -> !(a < 2 && !b)',
    'a < 2 && !b -> (a < 2)',
    'a < 2 && !b -> (!b)',
    '&& -> ||',
    '< -> <=',
    '< -> >=',
    '2 -> (2 + 1)',
    '!b -> b',
    'a / 2 -> undefined',
    '/ -> *',
    'a / 2 -> (a / 2 - 1)',
    '1000 -> (1000 * 2)',
    'sum += call(a, b) -> ;',
    '+= -> -=',
    'a, b -> b, a',
    'true -> false',
  ]
  for (const change of expected) assert.ok(found.includes(change), `${change}\nin\n${found.join('\n')}`)
})

test('a seed draws the same mutants again, and none that is known to be equivalent', () => {
  const drawn = sample(all, 20, 7)
  assert.deepEqual(sample(all, 20, 7), drawn)
  assert.equal(new Set(drawn).size, 20)
  assert.ok(!sample(all, all.length, 7).some(isEquivalent))
})

test('every mutant listed as equivalent is one that could be drawn', () => {
  const gone = equivalents.filter(
    ({ file, before, after }) =>
      !all.some((mutant) => mutant.path === file && mutant.before === before && mutant.after === after),
  )
  assert.deepEqual(gone, [])
})

test('a mutant is caught where a test looks, survives where none does, and leaves nothing changed', async () => {
  const before = readBuilt('dist/engine/window.js')
  const mutant = all.find(
    ({ path, before, after }) =>
      path === 'dist/engine/window.js' && before === 'this.left -= bytes;' && after === 'this.left += bytes;',
  )
  assert.ok(mutant !== undefined)
  const judgedBy = (file: string) => tryAll([mutant], 1, () => {}, [{ what: 'one file', tests: [file] }])
  const [caught] = await judgedBy('dist/engine/window.test.js')
  assert.match(caught?.by ?? '', /^one file: /)
  assert.equal(caught?.hung, false)
  const [survived] = await judgedBy('dist/engine/state.test.js')
  assert.equal(survived?.by, undefined)
  assert.equal(readBuilt('dist/engine/window.js'), before)
})

test('every bug of the table still fits the code; one is injected and caught', async () => {
  const bugs = history.filter((bug) => 'patches' in bug)
  for (const bug of bugs) inject(bug, readBuilt)
  const late = bugs.find(({ bug }) => bug === 'the overrun of a window is noticed one byte late')
  assert.ok(late !== undefined)
  const results = await catchAll([{ ...late, tests: ['dist/engine/window.test.js'] }], 1, () => {})
  assert.match(results[0]?.by ?? '', /window\.test\.js: /)
})

test('code that has moved from under a bug of the table is said clearly', () => {
  const moved = { bug: 'b', tests: [], patches: [{ file: 'engine/x.js', find: 'gone', put: '' }] }
  assert.throws(() => inject(moved, () => 'other'), /in dist\/engine\/x\.js is not there any more; .* adapt/)
  assert.throws(() => inject(moved, () => 'gone gone'), /is there 2 times/)
})
