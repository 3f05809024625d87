// Rows about small calls: few and many in flight, over several paths.

import type { AdapterName } from '../adapter.ts'
import type { Goal, Row } from '../row.ts'
import { calls, callsInMemory } from '../workloads/calls.ts'

const EVERYONE: readonly AdapterName[] = ['net', 'net-batched', 'http2', 'braidwire', 'braidwire-resume']

/** Lines: ahead of everybody else, and resumption costs a tenth at most. */
const AHEAD: Goal = { against: 'peers', column: 'callsPerS', atLeast: 1 }
const RESUMABLE: Goal = { against: 'braidwire-resume', column: 'callsPerS', atMost: 1 / 0.9 }

export const callRows = {
  'calls-1': {
    title: '64 B calls, 1 in flight',
    path: 'tcp',
    workload: calls(1, 64),
    contenders: EVERYONE,
    peers: ['calls'],
    goals: [
      { of: 'W3', against: 'net', column: 'callsPerS', atLeast: 0.95 },
      { of: 'W3', against: 'net', column: 'p99Ms', atMost: 1.3 },
      AHEAD,
      RESUMABLE,
    ],
  },
  'calls-32': {
    title: '64 B calls, 32 in flight',
    path: 'tcp',
    workload: calls(32, 64),
    contenders: EVERYONE,
    peers: ['calls'],
    goals: [
      { of: 'W3', against: 'net', column: 'callsPerS', atLeast: 2 },
      { of: 'W3', against: 'peers', column: 'callsPerS', atLeast: 2.5 },
      AHEAD,
      RESUMABLE,
    ],
  },
  'calls-512': {
    title: '64 B calls, 512 in flight',
    path: 'tcp',
    workload: calls(512, 64),
    contenders: EVERYONE,
    peers: ['calls'],
    raised: { braidwire: { maxCalls: 512 }, 'braidwire-resume': { maxCalls: 512 } },
    goals: [
      { of: 'W3', against: 'net', column: 'callsPerS', atLeast: 7 },
      { of: 'W3', against: 'peers', column: 'callsPerS', atLeast: 8 },
      { of: 'W3', column: 'cpuUsPerCall', atMost: 1.3 },
      { against: 'net', column: 'callsPerS', atLeast: 4 },
      AHEAD,
      RESUMABLE,
    ],
  },
  'calls-unix': {
    title: '64 B calls, 32 in flight, Unix socket',
    path: 'unix',
    workload: calls(32, 64),
    contenders: ['net', 'net-batched', 'http2', 'braidwire'],
    peers: ['calls'],
    goals: [AHEAD],
  },
  'calls-memory': {
    title: '64 B calls, 32 in flight, in memory',
    path: 'memory',
    workload: callsInMemory(32, 64),
    contenders: ['net', 'http2', 'braidwire'],
    peers: ['calls', 'memory'],
    goals: [{ against: 'peers', column: 'cpuUsPerCall', atMost: 1 }],
  },
} as const satisfies Record<string, Row>
