// A thousand worlds: engines or sessions, network and work drawn from a seed, judged after every step. `npm run sim` runs any others.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tableIsIntact } from './pattern.ts'
import { runSeed } from './run.ts'

const GROUPS = 10
const SEEDS_PER_GROUP = 100

for (let group = 0; group < GROUPS; group++) {
  const first = group * SEEDS_PER_GROUP + 1
  test(`seeds ${first} to ${first + SEEDS_PER_GROUP - 1} end as they ought to`, async () => {
    const failures: string[] = []
    for (let seed = first; seed < first + SEEDS_PER_GROUP; seed++) {
      const { failure } = await runSeed(seed)
      if (failure !== undefined) failures.push(failure)
    }
    assert.deepEqual(failures, [])
  })
}

test('nobody wrote into bytes that were only lent', () => {
  assert.ok(tableIsIntact())
})
