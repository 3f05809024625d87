// Bytes in pieces, put together and counted.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Assembly } from './assembly.ts'
import { Ceiling } from './ceiling.ts'

test('assembly puts pieces together in order', () => {
  const body = new Assembly(new Ceiling(1_000_000))
  assert.deepEqual(body.whole(), new Uint8Array(0))
  for (let i = 0; i < 5000; i++) body.add(Uint8Array.of(i & 255, i >> 8))
  const whole = body.whole()
  assert.equal(whole.length, 10_000)
  for (let i = 0; i < 5000; i++) assert.equal((whole[2 * i] ?? 0) + (whole[2 * i + 1] ?? 0) * 256, i)
})

test('assembly keeps no more than twice what it holds', () => {
  const body = new Assembly(new Ceiling(1_000_000))
  body.add(new Uint8Array(10))
  assert.ok(body.whole().buffer.byteLength <= 20)
})

test('assembly throws when the ceiling is used up, and gives back what it held', () => {
  const ceiling = new Ceiling(100)
  const [one, two] = [new Assembly(ceiling), new Assembly(ceiling)]
  one.add(new Uint8Array(60))
  assert.throws(() => two.add(new Uint8Array(41)), { code: 'BRAID_EXHAUSTED', message: /maxAssembled \(100\)/ })
  one.drop()
  assert.equal(ceiling.used, 0)
  two.add(new Uint8Array(100))
})
