import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MethodTable } from './method-table.ts'

const handler = (): unknown => undefined

test('methods are found by exact name, then by the longest prefix', () => {
  const table = new MethodTable<undefined>()
  const [files, old, read] = [() => 1, () => 2, () => 3]
  table.add('files.*', files)
  table.add('files.old.*', old)
  table.add('files.read', read)
  assert.equal(table.find('files.list'), files)
  assert.equal(table.find('files.old.list'), old)
  assert.equal(table.find('files.read'), read)
  assert.equal(table.find('file'), undefined)
})

test('a pattern for everything does not mean methods of Braidwire itself', () => {
  const table = new MethodTable<undefined>()
  table.add('*', handler)
  assert.equal(table.find('anything'), handler)
  assert.equal(table.find('$message'), undefined)
})

test('methods are counted, those of Braidwire itself are not, and removing one is done once', () => {
  const table = new MethodTable<undefined>()
  const off = [table.add('a', handler), table.add('b.*', handler), table.add('$c', handler)]
  assert.equal(table.count, 2)
  for (const remove of [...off, ...off]) remove()
  assert.equal(table.count, 0)
  assert.equal(table.find('a') ?? table.find('b.c') ?? table.find('$c'), undefined)
})

test('a name or pattern has one handler, and a handler is a function', () => {
  const table = new MethodTable<undefined>()
  table.add('a', handler)
  table.add('a*', handler)
  assert.throws(() => table.add('a', handler), TypeError)
  assert.throws(() => table.add('a*', handler), TypeError)
  assert.throws(() => table.add('b', 'c' as unknown as () => void), TypeError)
  assert.equal(table.nearest('aa'), 'a')
})
