// The ledger itself: every broken session is noticed, harmed bytes are noticed where nobody is told of them, and a seed stands for
// one run.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sessionFaults } from './faults.ts'
import { runSessions, type SessionRunOptions } from './run.ts'

const SEEDS_MAX = 400

async function firstFailure(options: SessionRunOptions): Promise<string> {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const { failure } = await runSessions(seed, options)
    if (failure !== undefined) return failure
  }
  return 'nothing noticed'
}

for (const [name, broken] of Object.entries(sessionFaults)) {
  test(`the simulator notices ${name}`, async () => {
    assert.match(await firstFailure({ broken }), /^seed \d+, step \d+, .* \| npm run sim -- --seed \d+ --trace$/)
  })
}

test('the simulator notices harmed bytes, where it is not told of them', async () => {
  for (const how of ['flip', 'drop', 'double', 'insert'] as const) {
    const failure = await firstFailure({
      adapt: (plan) => {
        const fault = { kind: 'harm', how, direction: 0, offset: 400, length: 3 } as const
        return { ...plan, resume: undefined, first: { ...plan.first, fault }, lenient: false }
      },
    })
    assert.match(failure, /^seed/, how)
  }
})

test('a seed stands for one run, also where secrets are drawn', async () => {
  for (const seed of [1, 2, 3, 5, 6, 7]) {
    const [first, second] = [await runSessions(seed, { hash: true }), await runSessions(seed, { hash: true })]
    assert.deepEqual(first, second)
  }
})
