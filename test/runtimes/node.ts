// node build/test/runtimes/node.js
// Runs the suite where Node's modules are: in Node, Bun and Deno. The last line it prints is the report.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressed } from './link.ts'
import { runSuite } from './suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'braidwire-runtimes-'))
let sockets = 0
const links = [
  addressed('tcp', () => 'tcp://127.0.0.1:0'),
  addressed('unix', () => `unix:${join(folder, `${++sockets}`)}`),
]
const report = await runSuite({ name: process.argv[2] ?? 'Node', links, absent: {} })
rmSync(folder, { recursive: true })
console.log(JSON.stringify(report))
