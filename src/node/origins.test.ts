// Origins: which pages may connect, with and without the option.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { originRule } from './origins.ts'

test('without origins, pages of the very host that is dialled may connect, and whoever is no page', () => {
  const may = originRule(undefined)
  const yes: [string | undefined, string | undefined][] = [
    [undefined, 'example.org'],
    [undefined, undefined],
    ['https://example.org', 'example.org'],
    ['https://example.org', 'EXAMPLE.org:443'],
    ['http://127.0.0.1:8080', '127.0.0.1:8080'],
    ['http://[::1]:8080', '[::1]:8080'],
  ]
  const no: [string, string | undefined][] = [
    ['https://evil.example', 'example.org'],
    ['https://example.org.evil.example', 'example.org'],
    ['https://example.org:8443', 'example.org'],
    ['http://localhost:8080', '127.0.0.1:8080'],
    ['https://evil.example', 'evil.example@example.org'],
    ['https://example.org/', 'example.org'],
    ['chrome-extension://example.org', 'example.org'],
    ['https://example.org', undefined],
    ['https://example.org', ''],
    ['null', 'null'],
    ['', 'example.org'],
  ]
  for (const [origin, host] of yes) assert.equal(may(origin, host), true, `${origin} at ${host}`)
  for (const [origin, host] of no) assert.equal(may(origin, host), false, `${origin} at ${host}`)
})

test('with origins, those pages may and no others', () => {
  const may = originRule(['https://app.example:443', 'HTTP://Localhost:3000', 'chrome-extension://AbC', 'null'])
  for (const origin of [undefined, 'https://app.example', 'http://localhost:3000', 'chrome-extension://abc', 'null']) {
    assert.equal(may(origin, 'elsewhere'), true, origin)
  }
  for (const origin of [
    'http://app.example',
    'https://elsewhere',
    'http://localhost',
    'https://app.example/',
    '',
    'x',
  ]) {
    assert.equal(may(origin, 'elsewhere'), false, origin)
  }
  assert.equal(originRule([])('https://elsewhere', 'elsewhere'), false)
  assert.equal(originRule(['*'])('https://anybody.example', 'elsewhere'), true)
})

test('what is no origin is INVALID_INPUT', () => {
  for (const origin of ['example.org', 'https://example.org/path', 'https://', '', 7, 'https://a b']) {
    assert.throws(() => originRule([origin as string]), { code: 'BRAID_INVALID_INPUT' }, String(origin))
  }
  assert.throws(() => originRule('https://example.org' as never), { code: 'BRAID_INVALID_INPUT' })
})
