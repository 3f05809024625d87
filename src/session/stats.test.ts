// What a session tells of itself.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pair } from '../testing/pair.ts'

test('session stats name every limit with its value, its use and its refusals', async () => {
  const [a] = pair()
  await a.ping()
  const stats = a.stats()
  for (const name of [
    'maxStreams',
    'maxCalls',
    'maxMessage',
    'maxAssembled',
    'handlerWaitMs',
    'earlyBytes',
    'authorizeTimeoutMs',
    'idleTimeoutMs',
    'writeTimeoutMs',
  ]) {
    const limit = stats.limits[name]
    assert.ok(limit !== undefined && limit.max > 0 && limit.used === 0 && limit.refused === 0, name)
  }
  assert.equal(stats.state, 'ready')
  assert.ok((stats.rttMs ?? -1) >= 0)
  await a.close()
})
