// Rows about typed calls, beside libraries for them.

import type { AdapterName } from '../adapter.ts'
import type { Row } from '../row.ts'
import { results, warmCalls } from '../workloads/calls.ts'
import { items } from '../workloads/items.ts'
import { load } from '../workloads/load.ts'

const MiB = 1024 * 1024

const STREAMING: readonly AdapterName[] = ['grpc-js', 'capnweb', 'muxrpc', 'vscode-jsonrpc', 'rsocket', 'braidwire-rpc']
const LIBRARIES: readonly AdapterName[] = [...STREAMING, 'protomux-rpc', 'birpc']
const LIBRARIES_AND_PLAIN: readonly AdapterName[] = ['net', ...LIBRARIES]

export const rpcRows = {
  'rpc-1': {
    title: 'typed calls of 64 B, 1 in flight',
    path: 'tcp',
    workload: warmCalls(1, 64),
    contenders: LIBRARIES_AND_PLAIN,
    goals: [],
  },
  'rpc-32': {
    title: 'typed calls of 64 B, 32 in flight',
    path: 'tcp',
    workload: warmCalls(32, 64),
    contenders: LIBRARIES_AND_PLAIN,
    goals: [],
  },
  'rpc-512': {
    title: 'typed calls of 64 B, 512 in flight',
    path: 'tcp',
    workload: warmCalls(512, 64),
    // Also calls of bytes, which is what typed ones are made of.
    contenders: [...LIBRARIES_AND_PLAIN, 'braidwire'],
    raised: { 'braidwire-rpc': { maxCalls: 512 }, braidwire: { maxCalls: 512 } },
    goals: [
      { of: 'W3', against: 'braidwire', column: 'callsPerS', atLeast: 0.5 },
      { of: 'W3', against: 'peers', column: 'callsPerS', atLeast: 4 },
      { of: 'W3', against: 'grpc-js', column: 'callsPerS', atLeast: 60 },
    ],
  },
  'rpc-big': {
    title: 'typed calls with results of 1 MiB, 8 in flight',
    path: 'tcp',
    workload: results(8, MiB),
    contenders: LIBRARIES,
    goals: [],
  },
  'rpc-items': {
    title: 'server streaming, items of 100 B, 5,000 a call',
    path: 'tcp',
    workload: items(5000, 100),
    contenders: STREAMING,
    goals: [],
  },
  'rpc-load': {
    title: 'import in a fresh process, and size in a bundle',
    path: 'tcp',
    workload: load,
    contenders: LIBRARIES,
    goals: [],
    once: true,
  },
} as const satisfies Record<string, Row>
