// Runs the suite in Chromium, in a page and in a worker of it, from a fresh clone on: installs and builds first.

import { ensure } from './ensure.mjs'

ensure()
await import('../build/test/runtimes/browser.js')
