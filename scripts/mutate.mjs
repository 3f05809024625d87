// Tests the tests: mutants of the engine, or with --history bugs that others had, each of which a test must notice. About an hour.
//   npm run mutate [-- --mutants 300] [--seed n] [--jobs 2] [--at window.ts:31]
//   npm run mutate -- --history [--at words of the bug]

import { ensure } from './ensure.mjs'

ensure()
await import(new URL('../build/test/mutation/run.js', import.meta.url).href)
