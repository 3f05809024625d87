// Measures what streams, sessions and calls cost when there are very many of them, from a fresh clone on: installs and builds first.
// Arguments go to it; `--help` lists them.

import { ensure, root } from './ensure.mjs'

ensure()
process.chdir(root)
await import('../build/bench/scale/main.js')
