// The measurement against scale as a program: the smallest run of two kinds tells figures, verdicts and JSON. What it measures on a busy
// machine is not looked at.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Plot } from './series.ts'

test('calls and streams are measured at every size up to the last', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'braidwire-scale-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const json = join(folder, 'scale.json')
  const program = fileURLToPath(new URL('main.js', import.meta.url))
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [program, '--only', 'churn,flight', '--most', '10', '--json', json],
    { encoding: 'utf8' },
  )
  assert.ok(status === 0 || status === 1, stderr)
  assert.ok(stdout.endsWith(`${json} written\n`), stdout)
  const { plots } = JSON.parse(readFileSync(json, 'utf8')) as { plots: Plot[] }
  assert.equal(plots.length, 3)
  for (const { title, series } of plots) {
    assert.ok(stdout.includes(`**${title}**`))
    for (const { points } of series) {
      const sizes = points.map(([size]) => size)
      assert.equal(sizes.at(-1), 10, title)
      assert.ok(sizes.includes(1), title)
    }
  }
})
