// The rows of the benchmark as data: which traffic, which contenders, which options raised above the defaults.

import type { AdapterName, Raised } from './adapter.ts'
import type { Workload } from './workload.ts'
import { beside } from './workloads/beside.ts'
import { bulk } from './workloads/bulk.ts'
import { calls, results, warmCalls } from './workloads/calls.ts'
import { idle } from './workloads/idle.ts'
import { items } from './workloads/items.ts'

const KiB = 1024
const MiB = 1024 * KiB

/** What Braidwire is meant to reach: at least or at most so much, or so many times what another contender has. */
export interface Goal {
  /** The goal's name, `W1` to `W10`; absent for a line that must never be crossed. */
  readonly of?: string
  /** `peers`: whichever of them is best in this column. Absent: the figure itself is judged, not a ratio. */
  readonly against?: AdapterName | 'peers'
  /** Whose figure it is about. Default: `ours` of the suite. */
  readonly by?: AdapterName
  /** The row in which the other's figure is found, in the same column. Default: this one. */
  readonly row?: string
  readonly column: string
  readonly atLeast?: number
  readonly atMost?: number
}

export interface Row {
  readonly title: string
  readonly workload: Workload
  readonly contenders: readonly AdapterName[]
  readonly raised?: Partial<Record<AdapterName, Raised>>
  readonly goals: readonly Goal[]
  /** Runs once a round, without warm-up: it is not about speed. */
  readonly once?: boolean
}

const IDLE = 100_000
const IDLE_RAISED = { maxConcurrentStreams: 2 ** 24, maxSessionMemory: 8192 }
const EVERYONE: readonly AdapterName[] = ['net', 'http2', 'http2-tuned', 'braidwire', 'braidwire-resume']
const ALONE: readonly AdapterName[] = ['net', 'http2', 'http2-tuned', 'braidwire']
const PLAIN: readonly AdapterName[] = ['net', 'http2', 'braidwire', 'braidwire-resume']

const STREAMING: readonly AdapterName[] = ['grpc-js', 'capnweb', 'muxrpc', 'vscode-jsonrpc', 'rsocket', 'braidwire-rpc']
const LIBRARIES: readonly AdapterName[] = [...STREAMING, 'protomux-rpc', 'birpc']
const LIBRARIES_AND_PLAIN: readonly AdapterName[] = ['net', ...LIBRARIES]

/** What resumption may cost: a twentieth of bulk, a tenth of calls. */
const RESUMABLE_BULK: Goal = { against: 'braidwire-resume', column: 'mibPerS', atMost: 1 / 0.95 }
const RESUMABLE_CALLS: Goal = { against: 'braidwire-resume', column: 'callsPerS', atMost: 1 / 0.9 }

const FASTER_THAN_HTTP2: readonly Goal[] = [
  { against: 'http2', column: 'mibPerS', atLeast: 1 },
  { against: 'http2-tuned', column: 'mibPerS', atLeast: 1 },
]

export const rows = {
  bulk: {
    title: 'one stream, 64 KiB chunks',
    workload: bulk(1, 64 * KiB),
    contenders: EVERYONE,
    goals: [
      { of: 'W1', against: 'net', column: 'mibPerS', atLeast: 1.1 },
      { of: 'W1', against: 'net', column: 'cpuMsPerMib', atMost: 1 },
      { against: 'net', column: 'mibPerS', atLeast: 1 },
      RESUMABLE_BULK,
      ...FASTER_THAN_HTTP2,
    ],
  },
  streams: {
    title: '100 streams, 16 KiB chunks',
    workload: bulk(100, 16 * KiB),
    contenders: EVERYONE,
    goals: [
      { of: 'W2', against: 'net', column: 'mibPerS', atLeast: 1.4 },
      { of: 'W2', column: 'fair', atLeast: 0.9 },
      RESUMABLE_BULK,
      ...FASTER_THAN_HTTP2,
    ],
  },
  'calls-1': {
    title: '64 B calls, 1 in flight',
    workload: calls(1, 64),
    contenders: PLAIN,
    goals: [
      { of: 'W3', against: 'net', column: 'callsPerS', atLeast: 0.95 },
      { of: 'W3', against: 'net', column: 'p99Ms', atMost: 1.3 },
      { against: 'http2', column: 'callsPerS', atLeast: 1 },
      RESUMABLE_CALLS,
    ],
  },
  'calls-32': {
    title: '64 B calls, 32 in flight',
    workload: calls(32, 64),
    contenders: PLAIN,
    goals: [
      { of: 'W3', against: 'net', column: 'callsPerS', atLeast: 2 },
      { of: 'W3', against: 'peers', column: 'callsPerS', atLeast: 2.5 },
      { against: 'http2', column: 'callsPerS', atLeast: 1 },
      RESUMABLE_CALLS,
    ],
  },
  'calls-512': {
    title: '64 B calls, 512 in flight',
    workload: calls(512, 64),
    contenders: PLAIN,
    raised: { braidwire: { maxCalls: 512 }, 'braidwire-resume': { maxCalls: 512 } },
    goals: [
      { of: 'W3', against: 'net', column: 'callsPerS', atLeast: 7 },
      { of: 'W3', against: 'peers', column: 'callsPerS', atLeast: 8 },
      { of: 'W3', column: 'cpuUsPerCall', atMost: 1.3 },
      { against: 'net', column: 'callsPerS', atLeast: 4 },
      { against: 'http2', column: 'callsPerS', atLeast: 1 },
      RESUMABLE_CALLS,
    ],
  },
  beside: {
    title: '64 B calls, 1 in flight, beside one saturating stream',
    workload: beside(64 * KiB, 64),
    contenders: ALONE,
    goals: [
      { of: 'W7', column: 'p50Ms', atMost: 0.12 },
      { of: 'W7', column: 'p99Ms', atMost: 0.5 },
      { of: 'W7', against: 'net', column: 'mibPerS', atLeast: 0.95 },
      { against: 'http2', column: 'p50Ms', atMost: 1 },
      { against: 'http2', column: 'p99Ms', atMost: 1 },
      { against: 'http2-tuned', column: 'p50Ms', atMost: 1 },
      { against: 'http2-tuned', column: 'p99Ms', atMost: 1 },
      ...FASTER_THAN_HTTP2,
    ],
  },
  idle: {
    title: '100,000 idle open streams',
    workload: idle(IDLE),
    contenders: ['http2', 'braidwire'],
    raised: { http2: IDLE_RAISED, braidwire: { maxStreams: 2 ** 24 } },
    goals: [
      { of: 'W5', column: 'heapBytes', atMost: 300 },
      { of: 'W5', column: 'rssBytes', atMost: 700 },
      { against: 'http2', column: 'heapBytes', atMost: 1 },
      { against: 'http2', column: 'rssBytes', atMost: 1 },
    ],
    once: true,
  },
  'rpc-1': {
    title: 'typed calls of 64 B, 1 in flight',
    workload: warmCalls(1, 64),
    contenders: LIBRARIES_AND_PLAIN,
    goals: [],
  },
  'rpc-32': {
    title: 'typed calls of 64 B, 32 in flight',
    workload: warmCalls(32, 64),
    contenders: LIBRARIES_AND_PLAIN,
    goals: [],
  },
  'rpc-512': {
    title: 'typed calls of 64 B, 512 in flight',
    workload: warmCalls(512, 64),
    contenders: LIBRARIES_AND_PLAIN,
    raised: { 'braidwire-rpc': { maxCalls: 512 } },
    goals: [
      { of: 'W3', against: 'peers', column: 'callsPerS', atLeast: 4 },
      { of: 'W3', against: 'grpc-js', column: 'callsPerS', atLeast: 60 },
    ],
  },
  'rpc-big': {
    title: 'typed calls with results of 1 MiB, 8 in flight',
    workload: results(8, MiB),
    contenders: LIBRARIES,
    goals: [],
  },
  'rpc-items': {
    title: 'server streaming, items of 100 B, 5,000 a call',
    workload: items(5000, 100),
    contenders: STREAMING,
    goals: [],
  },
} as const satisfies Record<string, Row>

export type RowName = keyof typeof rows

/** What one run is about: rows that share contenders. */
export interface Suite {
  /** The contender all others are compared with. */
  readonly ours: AdapterName
  readonly rows: readonly RowName[]
}

const names = Object.keys(rows) as RowName[]

export const suites = {
  /** Bytes: streams and calls beside what Node has. */
  bytes: { ours: 'braidwire', rows: names.filter((name) => !name.startsWith('rpc-')) },
  /** Typed calls beside other RPC libraries. */
  rpc: { ours: 'braidwire-rpc', rows: names.filter((name) => name.startsWith('rpc-')) },
} as const satisfies Record<string, Suite>

export function rowNamed(name: RowName): Row {
  return rows[name]
}
