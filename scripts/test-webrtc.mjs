// Runs WebRTC between pages of Chromium and Node, from a fresh clone on: installs and builds first. Needs Chromium.

import { spawnSync } from 'node:child_process'
import { ensure } from './ensure.mjs'

ensure()
const files = ['build/test/webrtc/pages.js']
const options = ['--test', '--test-reporter=spec', '--test-timeout=120000', ...process.argv.slice(2)]
const { status } = spawnSync(process.execPath, [...options, ...files], { stdio: 'inherit' })
process.exit(status ?? 1)
