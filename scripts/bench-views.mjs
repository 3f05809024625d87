// Measures what each view of a stream costs beside the bare stream, from a fresh clone on: installs and builds first.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ensure, root } from './ensure.mjs'

ensure()
const { status } = spawnSync(process.execPath, ['--expose-gc', join(root, 'build/bench/views.js')], {
  stdio: 'inherit',
})
process.exit(status ?? 1)
