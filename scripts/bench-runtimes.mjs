// Runs the benchmark on several runtimes, from a fresh clone on: installs, also those runtimes, and builds first. Arguments
// go to it; `--help` lists them.

import { ensure, ensureRuntimes, root } from './ensure.mjs'

ensure()
ensureRuntimes()
process.chdir(root)
// Deno looks for a newer one of itself now and then; nothing here is to leave the machine.
process.env.DENO_NO_UPDATE_CHECK = '1'
await import('../build/bench/runtimes/main.js')
