// Runs the suite in every runtime, from a fresh clone on: installs, also those runtimes, and builds first. `--only bun,deno` for some.

import { parseArgs } from 'node:util'
import { ensure, ensureRuntimes } from './ensure.mjs'

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } })
ensure()
ensureRuntimes()
const { main } = await import('../build/test/runtimes/main.js')
process.exit(await main(values.only.split(',').filter((name) => name !== '')))
