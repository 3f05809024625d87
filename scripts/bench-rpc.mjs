// Runs the benchmark of typed calls beside other RPC libraries, from a fresh clone on: installs, also those libraries, and
// builds first. Arguments go to it; `--help` lists them.

import { ensure, ensurePeers, root } from './ensure.mjs'

ensure()
ensurePeers()
process.chdir(root)
process.argv.splice(2, 0, '--rpc')
await import('../build/bench/main.js')
