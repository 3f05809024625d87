// Runs every test, from a fresh clone on: installs and builds first. Arguments go to `node --test`; files among them
// replace the list of all.

import { spawnSync } from 'node:child_process'
import { ensure } from './ensure.mjs'
import { testFiles } from './files.mjs'

ensure()
const given = process.argv.slice(2)
const files = given.some((argument) => argument.endsWith('.js')) ? [] : testFiles()
const reporter = given.some((argument) => argument.startsWith('--test-reporter')) ? [] : ['--test-reporter=spec']
const { status } = spawnSync(process.execPath, ['--test', ...reporter, ...given, ...files], { stdio: 'inherit' })
process.exit(status ?? 1)
