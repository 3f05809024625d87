// What typed calls refuse is counted where `session.stats()` shows it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pair } from '../testing/pair.ts'
import { expose, keep, wrap } from './index.ts'
import { CALLBACKS_DEPTH_MAX } from './references/functions.ts'

const invalid = { code: 'BRAID_INVALID_INPUT' }

for (const codec of ['msgpack', 'json']) {
  test(`bodies that hold too much are counted by what it was, in ${codec}`, async () => {
    const [a, b] = codec === 'json' ? pair({ codec: 'json' }) : pair()
    expose(b, { take: (...values: unknown[]) => values.length }, { limits: { depth: 3, keys: 10 } })
    const remote = wrap<{ take(...values: unknown[]): number }>(a)
    assert.equal(await remote.take([1]), 1)
    await assert.rejects(remote.take([[[[1]]]]), invalid)
    await assert.rejects(remote.take(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, i]))), invalid)
    await assert.rejects(remote.take(...Array.from({ length: 1001 }, () => 1)), invalid)
    const { limits } = b.stats()
    const counts = ['valueDepth', 'valueKeys', 'callArguments', 'metadataWords'].map((name) => limits[name]?.refused)
    assert.deepEqual(counts, [1, 1, 1, 0])
    assert.deepEqual([limits.valueDepth?.max, limits.valueKeys?.max], [3, 10])
    await a.close()
  })
}

test('functions that are lent are counted, and those that could not be', async () => {
  const [a, b] = pair()
  expose(b, { hold: (_listeners: unknown) => {} })
  const remote = wrap<{ hold(listeners: unknown): void }>(a)
  await remote.hold(keep(() => {}))
  assert.deepEqual(a.stats().limits.functionsLent, { max: 1024, used: 1, refused: 0 })
  await assert.rejects(remote.hold(Array.from({ length: 1100 }, () => keep(() => {}))), { code: 'BRAID_EXHAUSTED' })
  const { functionsLent, functionDepth } = a.stats().limits
  assert.equal(functionsLent?.refused, 1)
  assert.equal(functionDepth?.max, CALLBACKS_DEPTH_MAX)
  await a.close()
})
