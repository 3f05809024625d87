// Runs the conformance suite over the transports that every runtime has: each case of each of them is a test.

import { test } from 'node:test'
import { transportCases } from './transport.ts'
import { subjects } from './transport-subjects.ts'

for (const subject of subjects) {
  for (const { name, reason, run } of transportCases(subject)) {
    if (reason === undefined) test(`${subject.name}: ${name}`, run)
    else test(`${subject.name} cannot: ${name}`, (t) => t.diagnostic(reason))
  }
}
