// Runs the conformance suite over the transports of Node: each case of each of them is a test.

import { after, test } from 'node:test'
import { cleanup } from 'node-datachannel'
import { transportCases } from './transport.ts'
import { nodeSubjects } from './transport-node.ts'

// Its threads keep a program alive for most of a minute after the last peer is closed.
after(() => cleanup())

for (const subject of nodeSubjects) {
  for (const { name, reason, run } of transportCases(subject)) {
    if (reason === undefined) test(`${subject.name}: ${name}`, run)
    else test(`${subject.name} cannot: ${name}`, (t) => t.diagnostic(reason))
  }
}
