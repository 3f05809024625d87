// Runs the conformance suite of transports in Node: each case of each transport is a test.

import { test } from 'node:test'
import { transportCases } from './transport.ts'
import { nodeSubjects } from './transport-node.ts'

for (const subject of nodeSubjects) {
  for (const { name, reason, run } of transportCases(subject)) {
    if (reason === undefined) test(`${subject.name}: ${name}`, run)
    else test(`${subject.name} cannot: ${name}`, (t) => t.diagnostic(reason))
  }
}
