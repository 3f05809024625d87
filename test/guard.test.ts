// The guard of the hot paths, tested in a copy with a record of its own: it lets pass what has not changed, and tells of one
// allocation or one function more for each call, and where.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Copy } from './mutation/copy.ts'
import { inject } from './mutation/history-run.ts'
import { root } from './sources.ts'

const copy = new Copy()
after(() => copy.remove())
for (const part of ['build/bench/guard', 'build/bench/allocations.js'])
  cpSync(join(root, part), join(copy.folder, part), { recursive: true })
const records = join(copy.folder, 'bench/guard')
mkdirSync(records, { recursive: true })

const FILE = 'session/caller.js'
const LINE = 'const pending = new PendingCall(taker, options, options?.oneWay === true);'

function guard(...args: readonly string[]): { status: number | null; out: string; err: string } {
  const program = join(copy.folder, 'build/bench/guard/run.js')
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })
  return { status, out: stdout, err: stderr }
}

/** Lets work see a library that does something more in each call. */
function withMore<T>(statement: string, work: () => T): Promise<T> {
  const patches = [{ file: FILE, find: LINE, put: `${LINE} ${statement}` }]
  return copy.with(
    inject({ bug: statement, tests: [], patches }, (path) => copy.read(path)),
    async () => work(),
  )
}

test('the guard without a record judges nothing, and says so', () => {
  const { status, out } = guard('--only', 'call')
  assert.equal(status, 0)
  assert.match(out, /^Nothing is recorded for Node v.*: the hot paths were not judged\.$/m)
})

test('one allocation or one function more for each call is a loss, and the guard tells where', async () => {
  assert.equal(guard('--record', '--only', 'call').status, 0)

  const object = await withMore('this.last = { pending };', () => guard('--only', 'call'))
  assert.equal(object.status, 1)
  assert.match(object.err, /^call: objects grew from .* to .*; more at call(For)? dist\/session\/caller\.js \(\+1\)$/m)
  assert.match(object.err, /is a loss/)

  const empty = 'const nothing = Caller.nothing ??= function nothing() {}; nothing();'
  const called = await withMore(empty, () => guard('--only', 'call'))
  assert.equal(called.status, 1)
  assert.match(called.err, /^call: functions grew from .* to .*; more at nothing dist\/session\/caller\.js \(\+1\)$/m)
})

test('what has not changed passes, and a gain is told, so that it is recorded', () => {
  const name = readdirSync(records)[0]!
  const record = JSON.parse(readFileSync(join(records, name), 'utf8'))
  const { calls } = record.figures.call
  record.figures.call.calls = calls * 1.01
  writeFileSync(join(records, name), JSON.stringify(record))
  const { status, out, err } = guard('--only', 'call')
  assert.equal(status, 0)
  assert.match(out, /functions +\d+\.?\d* +\d+\.?\d* +± 0\.\d+/)
  const [, ...sentences] = err.trimEnd().split('\n')
  assert.equal(sentences.length, 2, err)
  assert.match(sentences[0]!, /^call: functions fell from /)
  assert.match(sentences[1]!, /a gain, which is kept by recording it: npm run guard -- --record$/)
})

test('the guard names the paths when it is asked for one that is not there', () => {
  const { status, err } = guard('--only', 'nowhere')
  assert.equal(status, 1)
  assert.match(err, /^no path "nowhere"; there are .*\bcall\b.*\n$/)
})
