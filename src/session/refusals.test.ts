// How often an address is told no.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusals } from './refusals.ts'

function told(refusals: Refusals, address: (n: number) => string, now: number, times = 50): number {
  return Array.from({ length: times }, (_, n) => refusals.mayTell(address(n), now)).filter((yes) => yes).length
}

test('an address is told no ten times a second, from whatever ports it comes', () => {
  const refusals = new Refusals()
  assert.equal(
    told(refusals, (n) => `10.0.0.1:${4000 + n}`, 5),
    10,
  )
  assert.equal(
    told(refusals, (n) => `10.0.0.1:${5000 + n}`, 1_004),
    0,
  )
  assert.equal(
    told(refusals, (n) => `10.0.0.1:${6000 + n}`, 1_005),
    10,
  )
})

test('addresses are told no each for itself', () => {
  const refusals = new Refusals()
  assert.equal(
    told(refusals, () => '10.0.0.1:4000', 0),
    10,
  )
  assert.equal(
    told(refusals, () => '10.0.0.2:4000', 0),
    10,
  )
  assert.equal(
    told(refusals, (n) => `[::1]:${n}`, 0),
    10,
  )
  assert.equal(
    told(refusals, (n) => `unix:/run/x#${n}`, 0),
    10,
  )
})
