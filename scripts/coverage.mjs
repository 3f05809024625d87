// Runs every test under c8 and fails when the engine or the session is covered less than it should be.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ensure, root } from './ensure.mjs'
import { testFiles } from './files.mjs'

const floors = ['--lines=90', '--functions=90', '--statements=90', '--branches=85']
const subjects = ['src/engine/**/*.ts', 'src/session/**/*.ts']

ensure()
const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/c8/bin/c8.js'),
    '--exclude-after-remap',
    ...subjects.map((pattern) => `--include=${pattern}`),
    '--exclude=**/*.test.ts',
    '--exclude=**/*.d.ts',
    '--reporter=text',
    '--check-coverage',
    ...floors,
    process.execPath,
    '--test',
    '--test-reporter=dot',
    ...testFiles(),
  ],
  { cwd: root, stdio: 'inherit' },
)
process.exit(status ?? 1)
