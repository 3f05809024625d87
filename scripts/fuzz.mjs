// Fuzzes everything that reads what a stranger wrote, guided by coverage; keeps in test/fuzz/corpus what reaches new code.
//   npm run fuzz [-- target ...] [--seconds 60] [--seed n]

import { ensure } from './ensure.mjs'

ensure()
await import(new URL('../build/test/fuzz/run.js', import.meta.url).href)
