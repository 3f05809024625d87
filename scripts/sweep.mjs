// Runs the sweeps in full: every chunking, cut, cut and resumption, flipped bit and damaged range of the recorded sessions. Some minutes.
//   npm run sweep [-- F1 F2 F3 F4 F5] [--every n]

import { ensure } from './ensure.mjs'

ensure()
await import(new URL('../build/test/sweeps/run.js', import.meta.url).href)
