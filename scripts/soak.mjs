// Calls and streams by the million, and what is left of them. Some minutes; fewer by choice.
//   npm run soak [-- --calls n] [--streams n] [--sessions n]

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ensure } from './ensure.mjs'

ensure()
const program = fileURLToPath(new URL('../build/test/soak/run.js', import.meta.url))
const { status } = spawnSync(process.execPath, ['--expose-gc', program, ...process.argv.slice(2)], { stdio: 'inherit' })
process.exit(status ?? 1)
