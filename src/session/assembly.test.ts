// Bytes in pieces, put together and counted.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Assembly } from './assembly.ts'
import { Ceiling } from './ceiling.ts'

test('assembly puts pieces together in order', () => {
  const body = new Assembly(new Ceiling(1_000_000))
  assert.deepEqual(body.whole(), new Uint8Array(0))
  for (let i = 0; i < 5000; i++) body.room(2).set([i & 255, i >> 8])
  const whole = body.whole()
  assert.equal(whole.length, 10_000)
  for (let i = 0; i < 5000; i++) assert.equal((whole[2 * i] ?? 0) + (whole[2 * i + 1] ?? 0) * 256, i)
})

test('assembly keeps no more than twice what it holds', () => {
  const body = new Assembly(new Ceiling(1_000_000))
  body.room(10)
  assert.ok(body.whole().buffer.byteLength <= 20)
})

test('assembly throws when the ceiling is used up, and gives back what it held', () => {
  const ceiling = new Ceiling(100)
  const [one, two] = [new Assembly(ceiling), new Assembly(ceiling)]
  one.room(60)
  assert.throws(() => two.room(41), { code: 'BRAID_EXHAUSTED', message: /maxAssembled \(100\)/ })
  one.drop()
  assert.equal(ceiling.used, 0)
  two.room(100)
})

/** So many bytes in pieces of this size, each byte its number. */
function fill(body: Assembly, bytes: number, piece: number): void {
  for (let at = 0; at < bytes; at += piece) {
    const room = body.room(Math.min(piece, bytes - at))
    for (let i = 0; i < room.length; i++) room[i] = (at + i) % 251
  }
}

function isFilled(whole: Uint8Array, bytes: number): void {
  assert.equal(whole.length, bytes)
  assert.ok(whole.every((byte, index) => byte === index % 251))
}

test('assembly puts a body of declared size where it stays, from the sixteenth part of it on', () => {
  const ceiling = new Ceiling(1_000_000)
  const body = new Assembly(ceiling, 160_000)
  fill(body, 9_000, 1_000)
  assert.equal(ceiling.used, 9_000)
  body.drop()
  fill(body, 160_000, 7_777)
  assert.equal(ceiling.used, 160_000)
  const whole = body.whole()
  isFilled(whole, 160_000)
  assert.equal(whole.buffer.byteLength, 160_000)
  body.drop()
  assert.equal(ceiling.used, 0)
})

test('assembly takes what comes, whatever was declared', () => {
  for (const declared of [1, 5_000, 99_999, 100_001, 1_500_000, 2 ** 40]) {
    const ceiling = new Ceiling(1_000_000)
    const body = new Assembly(ceiling, declared)
    fill(body, 100_000, 3_001)
    isFilled(body.whole(), 100_000)
    assert.ok(ceiling.used >= 100_000 && ceiling.used <= 1_000_000, `${ceiling.used}`)
    assert.equal(ceiling.refused, 0)
    body.drop()
    assert.equal(ceiling.used, 0)
  }
})

test('assembly makes no room for what is declared where others have taken it', () => {
  const ceiling = new Ceiling(100_000)
  const other = new Assembly(ceiling)
  other.room(60_000)
  const body = new Assembly(ceiling, 90_000)
  fill(body, 40_000, 10_000)
  assert.equal(ceiling.used, 100_000)
  assert.equal(ceiling.refused, 0)
  assert.throws(() => body.room(1), { code: 'BRAID_EXHAUSTED' })
})
