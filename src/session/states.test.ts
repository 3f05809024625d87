// The loop over the states of a session.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pair } from '../testing/pair.ts'
import type { State } from './session.ts'

test('session goes from connecting to ready to closed, and tells every loop so', async () => {
  const [a, b] = pair()
  assert.equal(a.state, 'connecting')
  const seen: State[] = []
  const loop = (async () => {
    for await (const state of a.states()) seen.push(state)
  })()
  await a.ping()
  assert.equal(a.state, 'ready')
  await b.close()
  await a.closed
  await loop
  assert.deepEqual(seen, ['connecting', 'ready', 'closed'])
  const late: State[] = []
  for await (const state of a.states()) late.push(state)
  assert.deepEqual(late, ['closed'])
})

test('session states loop that is left ends', async () => {
  const [a] = pair()
  const loop = a.states()
  assert.equal((await loop.next()).value, 'connecting')
  const step = loop.next()
  await loop.return?.()
  assert.equal((await step).done, true)
  await a.close()
})
