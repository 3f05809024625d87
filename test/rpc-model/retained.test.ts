// Nothing is retained of calls that are over: measured in a process of its own, where memory can be collected at will.
// RPC_RETAINED_CALLS=200000 node --test build/test/rpc-model/retained.test.js   makes more calls.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { root } from '../sources.ts'

const CALLS = process.env.RPC_RETAINED_CALLS ?? '80000'
/** What the second half of the calls of one shape may leave behind, in bytes: memory is never still, but no call weighs so little. */
const NOISE_MAX = 1_000_000
const BYTES_A_CALL_MAX = 48

interface Report {
  readonly calls: number
  readonly growth: Readonly<Record<string, number>>
  readonly gone: Readonly<Record<string, boolean>>
  readonly warned: readonly string[]
}

test('calls of every shape leave nothing behind, and a forgotten function only warns', async (t) => {
  const child = join(root, 'build/test/rpc-model/retained-child.js')
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', child, CALLS])
  const { calls, growth, gone, warned } = JSON.parse(stdout) as Report
  t.diagnostic(JSON.stringify(growth))
  for (const [shape, bytes] of Object.entries(growth)) {
    const most = NOISE_MAX + (BYTES_A_CALL_MAX * calls) / Object.keys(growth).length / 2
    assert.ok(bytes < most, `${shape} keeps ${bytes} bytes`)
  }
  for (const [what, isGone] of Object.entries(gone)) assert.ok(isGone, `${what} was not collected`)
  assert.equal(warned.length, 1)
  assert.match(warned[0]!, /forgotten without release/)
})
