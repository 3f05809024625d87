// Counts what the hot paths allocate and execute, and fails when that is not what is recorded. Under a minute.
//   npm run guard [-- --record] [--only call,open]

import { ensure, root } from './ensure.mjs'

ensure()
process.chdir(root)
await import('../build/bench/guard/run.js')
