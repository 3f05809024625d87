// Measures streams and calls over long and narrow links beside plain sockets, from a fresh clone on: installs and builds first.
// Arguments go to it; `--help` lists them.

import { ensure, root } from './ensure.mjs'

ensure()
process.chdir(root)
await import('../build/bench/scale/links.js')
