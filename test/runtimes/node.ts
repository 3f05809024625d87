// node build/test/runtimes/node.js
// Runs the suite where Node's modules are: in Node, Bun and Deno. The last line it prints is the report.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TransportSubject } from '../conformance/transport.ts'
import { nodeSubjects } from '../conformance/transport-node.ts'
import { addressCases } from './cases/addresses.ts'
import { addressed, carried } from './link.ts'
import { runSuite } from './suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'braidwire-runtimes-'))
let sockets = 0
/** By address, as applications do; the others by their two ends. */
const addresses: Readonly<Record<string, () => string>> = {
  TCP: () => 'tcp://127.0.0.1:0',
  'Unix socket': () => `unix:${join(folder, `${++sockets}`)}`,
}
/** What these runtimes cannot: Deno's alone so far. */
const notIn: Readonly<Record<string, TransportSubject['cannot']>> = {
  'Deno TLS': {
    'a reader that pauses holds the sender, and drained comes once for every false':
      'a TLS socket of Deno reads on while it is paused; the credit of the session holds the sender',
  },
}
const [runtime = 'Node'] = process.argv.slice(2)
const transports = nodeSubjects.map((common) => {
  const subject = { ...common, cannot: { ...common.cannot, ...notIn[`${runtime.split(' ')[0]} ${common.name}`] } }
  const address = addresses[subject.name]
  return { subject, link: address === undefined ? carried(subject) : addressed(subject.name, address) }
})
const groups = [{ name: 'addresses', cases: addressCases(folder) }]
const report = await runSuite({ name: runtime, transports, groups, absent: {} })
rmSync(folder, { recursive: true })
console.log(JSON.stringify(report))
process.exit()
