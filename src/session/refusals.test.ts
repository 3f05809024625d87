// How often an address is told no.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusals } from './refusals.ts'

/** How many of fifty at this address are told. */
function told(refusals: Refusals, address: string, now: number): number {
  return Array.from({ length: 50 }, () => refusals.mayTell(address, now)).filter((yes) => yes).length
}

test('an address is told no ten times a second', () => {
  const refusals = new Refusals()
  assert.equal(told(refusals, '10.0.0.1', 5), 10)
  assert.equal(told(refusals, '10.0.0.1', 1_004), 0)
  assert.equal(told(refusals, '10.0.0.1', 1_005), 10)
})

test('addresses are told no each for itself', () => {
  const refusals = new Refusals()
  for (const address of ['10.0.0.1', '10.0.0.2', '::1', 'unix:/run/x']) assert.equal(told(refusals, address, 0), 10)
})
