// Many test files in one process: `node build/test/mutation/suite.js <compiled test | seeds:n>...`. So a broken program is judged in
// seconds; whoever starts it reads the report and stops at the first failure.

import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import test, { beforeEach } from 'node:test'
import { pathToFileURL } from 'node:url'

// Lets the report of each test out before the next one: silence then is that of a single test.
beforeEach(() => new Promise((resolve) => setImmediate(resolve)))

for (const what of process.argv.slice(2)) {
  if (what.startsWith('seeds:')) simulate(Number(what.slice('seeds:'.length)))
  else await import(pathToFileURL(resolve(what)).href)
}

/** A few seeds of the simulator, each a test: the first that fails ends it. */
function simulate(seeds: number): void {
  for (let seed = 1; seed <= seeds; seed++) {
    test(`seed ${seed}`, async () => {
      const { runSeed } = await import('../sim/run.ts')
      const { failure } = await runSeed(seed)
      assert.equal(failure, undefined)
    })
  }
}
