// Rows about what is between and before: a long path, bytes on the wire, and what loading costs.

import type { Row } from '../row.ts'
import { distant } from '../workloads/bulk.ts'
import { load } from '../workloads/load.ts'
import { wireOfBulk, wireOfCalls } from '../workloads/wire.ts'

const KiB = 1024

/** One way, in ms, and bytes a second: 50 ms there and back, 1 Gbit/s. */
const FAR = { delayMs: 25, rate: 125_000_000 } as const
/** What fits on such a path there and back, in MiB. */
const PATH_MIB = (FAR.rate * 2 * FAR.delayMs) / 1000 / (KiB * KiB)

export const networkRows = {
  distant: {
    title: 'one stream, 64 KiB chunks, 50 ms round trip, 1 Gbit/s (119.2 MiB/s)',
    path: 'tcp',
    through: FAR,
    workload: distant(64 * KiB),
    contenders: ['net', 'http2', 'http2-tuned', 'braidwire', 'braidwire-resume'],
    peers: ['streams'],
    goals: [
      { of: 'W8', against: 'net', column: 'mibPerS', atLeast: 0.98 },
      { of: 'W8', against: 'net', column: 'coldMibPerS', atLeast: 0.9 },
      { of: 'W8', column: 'underWayMib', atMost: 2 * PATH_MIB },
      { against: 'peers', column: 'mibPerS', atLeast: 0.98 },
    ],
    rampMs: 1000,
  },
  'wire-calls': {
    title: 'bytes on the wire, 64 B calls, 32 in flight',
    path: 'tcp',
    through: {},
    workload: wireOfCalls(32, 64),
    contenders: ['net', 'http2', 'braidwire', 'braidwire-resume'],
    peers: ['calls'],
    goals: [
      { of: 'W9', column: 'bothBytes', atMost: 9 },
      { against: 'peers', column: 'bothBytes', atMost: 1 },
    ],
  },
  'wire-bulk': {
    title: 'bytes on the wire, one stream, 64 KiB chunks',
    path: 'tcp',
    through: {},
    workload: wireOfBulk(),
    contenders: ['http2', 'http2-tuned', 'braidwire', 'braidwire-resume'],
    peers: ['streams'],
    goals: [
      { of: 'W9', column: 'forwardBytes', atMost: 6 },
      { of: 'W9', column: 'backBytes', atMost: 4 },
    ],
  },
  load: {
    title: 'import in a fresh process, and size in a bundle',
    path: 'tcp',
    workload: load,
    contenders: ['net', 'http2', 'braidwire'],
    peers: [],
    goals: [
      { of: 'W10', column: 'importMs', atMost: 5 },
      { of: 'W10', column: 'bundleKib', atMost: 12 },
    ],
    once: true,
  },
} as const satisfies Record<string, Row>
