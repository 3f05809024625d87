// Attacks a real listener with raw bytes, in every way of A1 to A13, beside a plain sink that eats the same. Some minutes.
//   npm run abuse [-- A1 A6 ...] [--quick]

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ensure } from './ensure.mjs'

ensure()
const program = fileURLToPath(new URL('../build/test/abuse/run.js', import.meta.url))
const { status } = spawnSync(process.execPath, ['--expose-gc', program, ...process.argv.slice(2)], { stdio: 'inherit' })
process.exit(status ?? 1)
