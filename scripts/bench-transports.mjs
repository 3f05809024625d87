// Runs the benchmark of transports: Braidwire over each of them beside the bare transport. Installs and builds first. Arguments go to it;
// `--help` lists them.

import { ensure, root } from './ensure.mjs'

ensure()
process.chdir(root)
process.argv.splice(2, 0, '--transports')
await import('../build/bench/main.js')
