// node build/test/runtimes/node.js
// Runs the suite where Node's modules are: in Node, Bun and Deno. The last line it prints is the report.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cleanup } from 'node-datachannel'
import type { TransportSubject } from '../conformance/transport.ts'
import { nodeSubjects } from '../conformance/transport-node.ts'
import { subjects } from '../conformance/transport-subjects.ts'
import { addressCases } from './cases/addresses.ts'
import { check } from './check.ts'
import { addressed, carried } from './link.ts'
import { relay } from './relay.ts'
import { runSuite, SESSIONS_ONLY } from './suite.ts'
import { globals, webSocketSubject } from './web-transports.ts'

const folder = mkdtempSync(join(tmpdir(), 'braidwire-runtimes-'))
let sockets = 0
/** By address, as applications do; the others by their two ends. */
const addresses: Readonly<Record<string, () => string>> = {
  TCP: () => 'tcp://127.0.0.1:0',
  'Unix socket': () => `unix:${join(folder, `${++sockets}`)}`,
}
const READS_ON: TransportSubject['cannot'] = {
  'a reader that pauses holds the sender, and drained comes once for every false':
    'a TLS socket of Deno reads on while it is paused; the credit of the session holds the sender',
}
/** What these runtimes cannot: Deno's alone so far. */
const notIn: Readonly<Record<string, TransportSubject['cannot']>> = {
  'Deno TLS': READS_ON,
  'Deno WebSocket over TLS': READS_ON,
}
const [runtime = 'Node', option] = process.argv.slice(2)
const server = createServer((request, response) => void response.end(cut(request.url ?? '') ? 'cut' : 'nothing'))
const cut = relay(server)
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const socket = webSocketSubject(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
const none: Record<string, string> = {}
if (globals.WebSocket === undefined) none[socket.name] = 'it comes with Node 22; ws is used in its place'
const own = globals.WebSocket === undefined ? [] : [socket]
const transports = [...subjects, ...nodeSubjects, ...own].map((common) => {
  const cannot = { ...common.cannot, ...notIn[`${runtime.split(' ')[0]} ${common.name}`] }
  const subject = { ...common, cannot }
  const address = addresses[subject.name]
  const link = address === undefined ? carried(subject) : addressed(subject.name, address)
  // What `npm test` does not have is tried here in every runtime.
  return option === SESSIONS_ONLY && common !== socket ? { link } : { link, subject }
})
const notes = option === SESSIONS_ONLY ? ['The cases of transports themselves are run in this one by npm test'] : []
const groups = [{ name: 'addresses', cases: addressCases(folder) }]
// A promise that nobody watches and that rejects is a failure, but the rest is still to be seen.
const unwatched: string[] = []
process.on('unhandledRejection', (error) => unwatched.push(error instanceof Error ? `${error.stack}` : String(error)))
const nothingUnwatched = {
  name: 'no promise rejects unwatched',
  run: async () => check(unwatched.length === 0, unwatched.join('\n')),
}
groups.push({ name: 'rejections', cases: [nothingUnwatched] })
const report = await runSuite({ name: runtime, transports, groups, absent: none, notes })
// The threads of node-datachannel keep a process alive.
cleanup()
rmSync(folder, { recursive: true })
console.log(JSON.stringify(report))
process.exit()
