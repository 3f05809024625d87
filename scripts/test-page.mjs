// Runs the tests of the page of `braid serve --web` in Chromium, from a fresh clone on: installs and builds first. Screenshots come to
// lie in build/page.

import { spawnSync } from 'node:child_process'
import { ensure } from './ensure.mjs'

ensure()
const files = ['build/test/page/page.js', 'build/test/page/looks.js']
const options = [
  '--test',
  '--test-reporter=spec',
  '--test-timeout=300000',
  '--test-concurrency=1',
  ...process.argv.slice(2),
]
const { status } = spawnSync(process.execPath, [...options, ...files], { stdio: 'inherit' })
process.exit(status ?? 1)
