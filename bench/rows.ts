// The rows of the benchmark by name, who stands in each, and which of them make a run. What they are is in rows/.

import { type AdapterName, contender, peerNames } from './adapter.ts'
import type { Row } from './row.ts'
import { bulkRows } from './rows/bulk.ts'
import { callRows } from './rows/calls.ts'
import { lifeRows } from './rows/lives.ts'
import { networkRows } from './rows/network.ts'
import { rpcRows } from './rows/rpc.ts'
import { transportRows } from './rows/transports.ts'

export type { Goal, Row } from './row.ts'

const byteRows = { ...bulkRows, ...callRows, ...lifeRows, ...networkRows } as const
const rows = { ...byteRows, ...rpcRows, ...transportRows } as const

export type RowName = keyof typeof rows

/** What one run is about: rows that share contenders. */
export interface Suite {
  /** The contender all others are compared with. */
  readonly ours: AdapterName
  readonly rows: readonly RowName[]
}

export const suites = {
  /** Bytes: streams and calls beside what Node has, and beside other libraries when they are asked for. */
  bytes: { ours: 'braidwire', rows: Object.keys(byteRows) as RowName[] },
  /** Typed calls beside other RPC libraries. */
  rpc: { ours: 'braidwire-rpc', rows: Object.keys(rpcRows) as RowName[] },
  /** Each transport beside itself alone. */
  transports: { ours: 'braidwire', rows: Object.keys(transportRows) as RowName[] },
} as const satisfies Record<string, Suite>

export function rowNamed(name: RowName): Row {
  return rows[name]
}

/** Everyone who may stand in a row: those it names, and other libraries that can do what it asks. */
export function field(name: RowName): readonly AdapterName[] {
  const { contenders, peers, without = [] } = rowNamed(name)
  if (peers === undefined) return contenders
  const able = peerNames.filter((peer) => {
    const { can = [] } = contender(peer)
    return peers.every((ability) => can.includes(ability)) && !without.includes(peer)
  })
  return [...contenders, ...able]
}
