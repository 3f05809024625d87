// Writes what benchmarks found into README.md and docs/PERFORMANCE.md, with plots: `npm run bench:papers -- build/bench/*.json`
// publishes those files in docs/bench first; without any it writes again from what is published there.

import { resolve } from 'node:path'
import { ensure, root } from './ensure.mjs'

const given = process.argv.slice(2).map((path) => resolve(path))
ensure()
const { publish } = await import('../build/bench/report-papers.js')
try {
  const changed = publish(root, given)
  console.log(changed.length === 0 ? 'nothing changed' : changed.map((path) => `written: ${path}`).join('\n'))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
}
