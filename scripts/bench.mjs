// Runs the benchmark, from a fresh clone on: installs and builds first, with `--peers` also the libraries it compares with.
// Arguments go to it; `--help` lists them.

import { ensure, ensurePeers, root } from './ensure.mjs'

ensure()
if (process.argv.includes('--peers')) ensurePeers()
process.chdir(root)
await import('../build/bench/main.js')
