// Inflicts faults on real sockets and processes: silence, long links, drains, kills, reconnects. Some minutes.
//   npm run faults [-- F6 F13 kill ...] [--quick]      FAULT_SEED=n repeats what was drawn

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ensure } from './ensure.mjs'

ensure()
const program = fileURLToPath(new URL('../build/test/strain/run.js', import.meta.url))
const { status } = spawnSync(process.execPath, ['--expose-gc', program, ...process.argv.slice(2)], { stdio: 'inherit' })
process.exit(status ?? 1)
