// docs/ERRORS.md beside the code: every code with number, meaning, remedy, and who raises it; and sentences that are still said.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BraidError } from 'braidwire'
import { type CodeName, codes } from '#dist/engine/errors.js'
import { filesBelow, readSource, root } from './sources.ts'

const reference = readFileSync(join(root, 'docs/ERRORS.md'), 'utf8')
const names = Object.keys(codes) as CodeName[]
const product = filesBelow('src')
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map((path) => readSource(path).text)

/** The cells of the rows of one section whose first cell is a code, the code without its prefix first. */
function rowsBelow(heading: string): string[][] {
  const from = reference.indexOf(`\n## ${heading}\n`)
  assert.ok(from >= 0, heading)
  const section = reference.slice(from + 1).split(/^## /m)[1] as string
  return [...section.matchAll(/^\| `BRAID_(\w+)` \| (.*) \|$/gm)].map(([, code, rest]) => [
    code as string,
    ...(rest as string).split(' | '),
  ])
}

test('the error reference has every code with its number, meaning and remedy, and no other', () => {
  const rows = rowsBelow('What they mean')
  const built = names.map((name) => {
    const entry = codes[name]
    return [name, 'number' in entry ? `${entry.number}` : '', entry.meaning]
  })
  assert.deepEqual(
    rows.map(([code, number, meaning]) => [code, number, meaning]),
    built,
  )
  for (const [code, , meaning, remedy, ...more] of rows) {
    assert.match(remedy ?? '', /^[A-Z].{15,}\.$/, `${code}: what to do`)
    assert.notEqual(remedy, meaning, code)
    assert.deepEqual(more, [], code)
  }
})

test('the error reference says of every code who raises it, how far it reaches, and what is known then', () => {
  const rows = rowsBelow('Who raises them')
  assert.deepEqual(
    rows.map(([code]) => code),
    names,
  )
  for (const [code, by, reaches, executed] of rows) {
    assert.ok((by ?? '').length > 5, `${code}: raised by`)
    for (const scope of (reaches ?? '').split(', ')) assert.match(scope, /^(call|stream|session|transport)$/, code)
    const byDefault = new BraidError(code as CodeName, '').executed
    assert.equal((executed ?? '').split(';')[0], byDefault, `${code}: executed`)
  }
})

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

test('every example of the error reference is a sentence of the code', () => {
  const stale: string[] = []
  for (const [code, , , , example] of rowsBelow('Who raises them')) {
    const words = (example ?? '').replace(/^`|`$/g, '')
    const pattern = new RegExp(words.split(/<\w+>/).map(escaped).join('\\$\\{(?:[^{}]|\\{[^}]*\\})*\\}'))
    if (words === '' || !product.some((text) => pattern.test(text))) stale.push(`${code}: ${words}`)
  }
  assert.deepEqual(stale, [])
})

test('every code that a paper or a comment names is one', () => {
  const unknown: string[] = []
  const papers = filesBelow('').filter((path) => path.endsWith('.md'))
  const texts = [...papers.map((path) => readFileSync(join(root, path), 'utf8')), ...product]
  for (const text of texts) {
    for (const [whole, name] of text.matchAll(/\bBRAID_([A-Z][A-Z_]*[A-Z])\b/g)) {
      if (!names.includes(name as CodeName) && !variables.includes(whole)) unknown.push(whole)
    }
  }
  assert.deepEqual(unknown, [])
})

/** Of the environment, and no codes. */
const variables: readonly string[] = ['BRAID_TOKEN']
