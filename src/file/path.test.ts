// The text of paths: which are refused, and that every odd but honest name is not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHidden, pathFault, pathLengthMax } from './path.ts'

test('pathFault lets literal names pass, however odd', () => {
  const odd = [
    'a',
    'a/b/c.txt',
    'a b#c%20.txt',
    '%2',
    '%252',
    'c:d',
    'con',
    '...',
    'a..b/..c',
    'ü/日本/🙂',
    '-rf',
    "it's $HOME `x`",
    '*?|<>"',
  ]
  for (const path of odd) assert.equal(pathFault(path), undefined, path)
})

test('pathFault refuses every way out of the folder', () => {
  const refused = {
    '': 'is empty',
    '/etc/passwd': 'is absolute',
    '//host/share': 'is absolute',
    '..': 'holds ".."',
    'a/../../b': 'holds ".."',
    './a': 'holds "."',
    'a//b': 'holds an empty name',
    'a/': 'holds an empty name',
    'a\\b': 'holds a backslash',
    'a\0b': 'holds a control character',
    'a\nb': 'holds a control character',
    'a\x7f': 'holds a control character',
    'a\x9bb': 'holds a control character',
  }
  for (const [path, fault] of Object.entries(refused)) assert.equal(pathFault(path), fault, JSON.stringify(path))
  assert.equal(pathFault('x'.repeat(pathLengthMax)), undefined)
  assert.equal(pathFault('x'.repeat(pathLengthMax + 1)), `is longer than ${pathLengthMax} characters`)
})

test('pathFault refuses encoded separators in either case and no other encoding', () => {
  for (const code of ['%2f', '%2F', '%5c', '%5C', '%00']) assert.equal(pathFault(`a${code}b`), `holds "${code}"`)
  for (const code of ['%2e', '%20', '%25', '%5b', '%0a']) assert.equal(pathFault(`a${code}b`), undefined)
})

test('pathFault refuses what Windows reads in a special way only there', () => {
  for (const name of ['C:', 'a.txt:stream', 'nul', 'COM1.txt', 'lpt¹', 'aux .x', 'conin$', 'a.', 'a ']) {
    assert.equal(pathFault(name), undefined, name)
    assert.match(pathFault(`x/${name}/y`, true) ?? '', /Windows/, name)
  }
  for (const name of ['console', 'com', 'nulls.txt', '.a']) assert.equal(pathFault(name, true), undefined, name)
})

test('isHidden sees a dot name anywhere in the path', () => {
  for (const path of ['.git', '.git/config', 'a/.env', 'a/.b/c']) assert.equal(isHidden(path), true, path)
  for (const path of ['a.b', 'a/b.c', 'a./b']) assert.equal(isHidden(path), false, path)
})
