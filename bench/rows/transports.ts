// Rows about transports: Braidwire over each of them beside the bare transport, in the same run. A transport more is two contenders more
// in the adapters, and a pair of names here.

import type { AdapterName } from '../adapter.ts'
import type { Row } from '../row.ts'
import type { Workload } from '../workload.ts'
import { bulk } from '../workloads/bulk.ts'
import { calls } from '../workloads/calls.ts'

const KiB = 1024

/** Braidwire over a transport, and that transport alone. */
type Pair = readonly [by: AdapterName, against: AdapterName]

/** What has an address on a network. */
const DIALLED: readonly Pair[] = [
  ['braidwire', 'net'],
  ['braidwire-tls', 'bare-tls'],
  ['braidwire-ws', 'bare-ws'],
  ['braidwire-web', 'bare-web'],
]
/** In a stream of another session: beside one that is written to directly, and beside calls written by hand over it. */
const NESTED: Pair = ['braidwire-nested', 'braidwire']
const NESTED_CALLS: Pair = ['braidwire-nested', 'bare-nested']
const SOCKETS: readonly Pair[] = [['braidwire', 'net']]
/** What the dialling side starts itself. */
const STARTED: readonly Pair[] = [
  ['braidwire-stdio', 'bare-stdio'],
  ['braidwire-thread', 'bare-thread'],
  ['braidwire-webrtc', 'bare-webrtc'],
]
/** Where chunks are large enough to be given away. */
const GIVEN: readonly Pair[] = [['braidwire-thread-transfer', 'bare-thread-transfer']]

const OVER = { tcp: 'by transport', unix: 'over a Unix socket', own: 'by transport without an address' } as const

/** What is measured over every transport. */
const BULK = { title: 'one stream, 64 KiB chunks', workload: bulk(1, 64 * KiB), column: 'mibPerS', atLeast: 0.9 }
const SMALL = { title: 'one stream, 1 KiB chunks', workload: bulk(1, KiB), column: 'mibPerS', atLeast: 1 }
const CALLS = { title: '64 B calls, 32 in flight', workload: calls(32, 64), column: 'callsPerS', atLeast: 1 }

type Measured = {
  readonly title: string
  readonly workload: Workload
  readonly column: string
  readonly atLeast: number
}

function row({ title, workload, column, atLeast }: Measured, path: keyof typeof OVER, pairs: readonly Pair[]): Row {
  return {
    title: `${title}, ${OVER[path]}`,
    path,
    workload,
    contenders: [...new Set(pairs.flat())],
    goals: pairs.map(([by, against]) => ({ by, against, column, atLeast })),
  }
}

export const transportRows = {
  'transport-bulk': row(BULK, 'tcp', [...DIALLED, NESTED]),
  'transport-bulk-1k': row(SMALL, 'tcp', [...DIALLED, NESTED]),
  'transport-calls': row(CALLS, 'tcp', [...DIALLED, NESTED_CALLS]),
  'transport-unix-bulk': row(BULK, 'unix', SOCKETS),
  'transport-unix-bulk-1k': row(SMALL, 'unix', SOCKETS),
  'transport-unix-calls': row(CALLS, 'unix', SOCKETS),
  'transport-own-bulk': row(BULK, 'own', [...STARTED, ...GIVEN]),
  'transport-own-bulk-1k': row(SMALL, 'own', STARTED),
  'transport-own-calls': row(CALLS, 'own', STARTED),
} as const satisfies Record<string, Row>
