// Rows about transports: Braidwire over each of them beside the bare transport, in the same run. A transport more is two contenders more
// in the adapters, and a pair of names here.

import type { AdapterName } from '../adapter.ts'
import type { Goal, Row } from '../row.ts'
import { bulk } from '../workloads/bulk.ts'
import { calls } from '../workloads/calls.ts'

const KiB = 1024

/** Braidwire over a transport, and that transport alone. */
const PAIRS: readonly (readonly [AdapterName, AdapterName])[] = [
  ['braidwire', 'net'],
  ['braidwire-ws', 'bare-ws'],
]
const EVERYONE: readonly AdapterName[] = PAIRS.flat()

function goals(column: string, atLeast: number): readonly Goal[] {
  return PAIRS.map(([by, against]) => ({ by, against, column, atLeast }))
}

export const transportRows = {
  'transport-bulk': {
    title: 'one stream, 64 KiB chunks, by transport',
    path: 'tcp',
    workload: bulk(1, 64 * KiB),
    contenders: EVERYONE,
    goals: goals('mibPerS', 0.9),
  },
  'transport-bulk-1k': {
    title: 'one stream, 1 KiB chunks, by transport',
    path: 'tcp',
    workload: bulk(1, KiB),
    contenders: EVERYONE,
    goals: goals('mibPerS', 1),
  },
  'transport-calls': {
    title: '64 B calls, 32 in flight, by transport',
    path: 'tcp',
    workload: calls(32, 64),
    contenders: EVERYONE,
    goals: goals('callsPerS', 1),
  },
} as const satisfies Record<string, Row>
