// Those who wait for one round trip.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import { Pings } from './pings.ts'

test('pings that wait together are answered together, and each once', async () => {
  const pings = new Pings()
  const waiting = [pings.add(), pings.add()]
  pings.answered(7)
  const late = pings.add()
  assert.deepEqual(await Promise.all(waiting), [7, 7])
  pings.answered(8)
  assert.equal(await late, 8)
})

test('pings fail with the session, those that come later too', async () => {
  const pings = new Pings()
  const waiting = pings.add()
  const error = new BraidError('CLOSED', 'over')
  pings.fail(error)
  await assert.rejects(waiting, error)
  await assert.rejects(pings.add(), error)
  pings.answered(1)
})
