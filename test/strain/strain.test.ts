// The faults that can be judged by counts, briefly, on real sockets and processes. Those judged by time, and many rounds of all of
// them: `npm run faults`.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Row } from '../rows.ts'
import { Prng } from '../sim/prng.ts'
import { bothWrite } from './flow.ts'
import { kill } from './kill.ts'
import { drain, reconnects } from './restart.ts'

function hold(t: TestContext, rows: readonly Omit<Row, 'id'>[]): void {
  for (const { what, measured, ceiling, holds } of rows) {
    t.diagnostic(`${what}: ${measured}`)
    assert.ok(holds, `${what}: ${measured} (ceiling: ${ceiling})`)
  }
}

test('two sides that write before they read do not wait for each other', { timeout: 60_000 }, async (t) => {
  const [arrived] = await bothWrite('quick')
  hold(t, arrived === undefined ? [] : [arrived])
})

test('a drain under load loses no call', { timeout: 60_000 }, async (t) => hold(t, await drain('quick')))

test('many reconnects lose and double nothing', { timeout: 60_000 }, async (t) => {
  const [whole] = await reconnects('quick')
  hold(t, whole === undefined ? [] : [whole])
})

for (const victim of ['server', 'client'] as const) {
  test(`a ${victim} killed in the middle of transfers leaves no broken file`, { timeout: 60_000 }, async (t) => {
    const seed = Date.now() % 1_000_000
    t.diagnostic(`seed ${seed}`)
    const [files] = await kill(victim, 2, new Prng(seed))
    hold(t, files === undefined ? [] : [files])
  })
}
