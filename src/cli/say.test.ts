// Sentences: harmless to a terminal, on one line, one for any number of failures.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { BraidError } from 'braidwire'
import { Failures } from './failures.ts'
import { clause, count, printable, quoted, size } from './say.ts'

const root = new URL('./', import.meta.resolve('braidwire/package.json'))

test('printable leaves nothing a terminal would obey', () => {
  assert.equal(printable('a\u001b[31mb\r\nc\u202ed\u2028e\u009b'), 'a?[31mb?c?d?e?')
  assert.equal(quoted('a b#c%20.txt'), '"a b#c%20.txt"')
})

test('clause makes one clause of any error', () => {
  assert.equal(
    clause(new Error('The connection broke. Try again.\n    at somewhere')),
    'the connection broke; Try again',
  )
  assert.equal(clause(new Error('SHA-256 is wrong')), 'SHA-256 is wrong')
  assert.equal(clause('gone'), 'gone')
  assert.equal(clause(new Error('')), 'it failed')
})

test('clause names no option of the library that TLS fails with', () => {
  const sources = ['tls.ts', 'tls-failures.ts'].map((name) => readFileSync(new URL(`src/node/${name}`, root), 'utf8'))
  const quotes = sources.join('\n').match(/(['`])[^'`\n]+\1/g) ?? []
  const sentences = quotes.map((text) => text.slice(1, -1)).filter((text) => /\w \w/.test(text))
  assert.ok(sentences.length > 20)
  const said = sentences.map((text) => clause(new BraidError('TLS', text)))
  assert.deepEqual(
    said.filter((text) => /\boptions? (?!--)|\btls\.|servername/.test(text)),
    [],
  )
  assert.ok(said.some((text) => text.includes('--fingerprint')))
})

test('clause leaves names alone that look like options', () => {
  const text = 'there is no tls.ca here (option ca)'
  assert.equal(clause(new BraidError('REFUSED', text)), text)
  assert.match(clause(new BraidError('TLS', 'no secure connection to tls://tls.ca:1: it ended')), /tls:\/\/tls\.ca:1/)
})

test('count and size read well', () => {
  assert.equal(count(1, 'file'), '1 file')
  assert.equal(count(1234, 'file'), '1,234 files')
  assert.equal(size(1023), '1023 B')
  assert.equal(size(1536), '1.5 KiB')
  assert.equal(size(5 * 1024 ** 4), '5.0 TiB')
})

test('failures become one sentence, grouped by cause', () => {
  const failures = new Failures()
  failures.add('a', 'there is no such file')
  assert.equal(failures.sentence(1), 'cannot get "a": there is no such file')
  failures.add('b', 'it is a folder')
  for (const name of ['c', 'd', 'e']) failures.add(name, new Error('There is no such file.'))
  assert.equal(
    failures.sentence(9),
    'cannot get 5 of 9 files: "a", "c", "d" and 1 more: there is no such file; "b": it is a folder',
  )
})
