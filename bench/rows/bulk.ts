// Rows about bytes: one stream with chunks of several sizes over several paths, and many streams that must share.

import type { AdapterName } from '../adapter.ts'
import type { Goal, Row } from '../row.ts'
import { bulk, bulkInMemory } from '../workloads/bulk.ts'

const KiB = 1024

const EVERYONE: readonly AdapterName[] = ['net', 'net-batched', 'http2', 'http2-tuned', 'braidwire', 'braidwire-resume']
const MEMORY: readonly AdapterName[] = ['net', 'http2', 'braidwire']

/** Lines: no slower than plain sockets, ahead of everybody else, and resumption costs a twentieth at most. */
const NO_SLOWER: Goal = { against: 'net', column: 'mibPerS', atLeast: 1 }
const AHEAD: Goal = { against: 'peers', column: 'mibPerS', atLeast: 1 }
const RESUMABLE: Goal = { against: 'braidwire-resume', column: 'mibPerS', atMost: 1 / 0.95 }
const LINES: readonly Goal[] = [NO_SLOWER, AHEAD, RESUMABLE]
const CHEAPER: Goal = { against: 'peers', column: 'cpuUsPerChunk', atMost: 1 }

export const bulkRows = {
  bulk: {
    title: 'one stream, 64 KiB chunks',
    path: 'tcp',
    workload: bulk(1, 64 * KiB),
    contenders: EVERYONE,
    peers: ['streams'],
    goals: [
      { of: 'W1', against: 'net', column: 'mibPerS', atLeast: 1.1 },
      { of: 'W1', against: 'net', column: 'cpuMsPerMib', atMost: 1 },
      ...LINES,
    ],
  },
  'bulk-16k': {
    title: 'one stream, 16 KiB chunks',
    path: 'tcp',
    workload: bulk(1, 16 * KiB),
    contenders: EVERYONE,
    peers: ['streams'],
    goals: [{ of: 'W1', against: 'net', column: 'mibPerS', atLeast: 1.45 }, ...LINES],
  },
  'bulk-1k': {
    title: 'one stream, 1 KiB chunks',
    path: 'tcp',
    workload: bulk(1, KiB),
    contenders: EVERYONE,
    peers: ['streams'],
    goals: [{ of: 'W1', against: 'net', column: 'mibPerS', atLeast: 9 }, ...LINES],
  },
  'bulk-unix': {
    title: 'one stream, 64 KiB chunks, Unix socket',
    path: 'unix',
    workload: bulk(1, 64 * KiB),
    contenders: ['net', 'net-batched', 'http2', 'braidwire'],
    peers: ['streams'],
    goals: [NO_SLOWER, AHEAD],
  },
  'bulk-memory': {
    title: 'one stream, 64 KiB chunks, in memory',
    path: 'memory',
    workload: bulkInMemory(64 * KiB),
    contenders: MEMORY,
    peers: ['streams', 'memory'],
    goals: [{ of: 'W1', column: 'cpuUsPerChunk', atMost: 0.9 }, CHEAPER],
  },
  'bulk-memory-1k': {
    title: 'one stream, 1 KiB chunks, in memory',
    path: 'memory',
    workload: bulkInMemory(KiB),
    contenders: MEMORY,
    peers: ['streams', 'memory'],
    goals: [{ of: 'W1', column: 'cpuUsPerChunk', atMost: 0.35 }, CHEAPER],
  },
  streams: {
    title: '100 streams, 16 KiB chunks',
    path: 'tcp',
    workload: bulk(100, 16 * KiB),
    contenders: EVERYONE,
    peers: ['streams'],
    goals: [
      { of: 'W2', against: 'net', row: 'bulk-16k', column: 'mibPerS', atLeast: 1.4 },
      { of: 'W2', column: 'fair', atLeast: 0.9 },
      ...LINES,
    ],
  },
  'streams-1000': {
    title: '1,000 streams, 16 KiB chunks',
    path: 'tcp',
    workload: bulk(1000, 16 * KiB),
    // Without plain sockets: a thousand of them are never all full, and their writer never lets its event loop turn.
    contenders: ['http2', 'http2-tuned', 'braidwire'],
    peers: ['streams'],
    raised: { braidwire: { maxStreams: 1024 } },
    goals: [
      { of: 'W2', against: 'net', row: 'bulk-16k', column: 'mibPerS', atLeast: 1.25 },
      { of: 'W2', column: 'fair', atLeast: 0.9 },
      AHEAD,
    ],
  },
} as const satisfies Record<string, Row>
