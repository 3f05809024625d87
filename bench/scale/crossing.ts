// One contender over one link: four processes (this one, both ends and the network between them), and what gets across.

import { setTimeout as delay } from 'node:timers/promises'
import type { AdapterName, Where } from '../adapter.ts'
import { MiB } from '../workload.ts'
import { Child } from './child.ts'
import type { Dial, Trips } from './link-worker.ts'

export interface Link {
  readonly rttMs: number
  readonly mbit: number
  readonly streams: number
}

/** Times in ms, throughputs in MiB/s. */
export interface Crossing {
  readonly firstMibPerS: number
  readonly steadyMibPerS: number
  /** A call when nothing else is on the link. */
  readonly aloneMs: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface Pace {
  readonly settleMs: number
  readonly measureMs: number
}

const SECOND_MS = 1000
const ALONE_MS = 100

/** What the link carries of payload and headers together, in MiB/s. */
export function limit({ mbit }: Link): number {
  return (mbit * 125_000) / MiB
}

/** A fresh connection: its first second, then, after a while, a steady stretch with calls beside the streams. */
export async function cross(adapter: AdapterName, link: Link, { settleMs, measureMs }: Pace): Promise<Crossing> {
  const worker = new URL('./link-worker.js', import.meta.url)
  const [server, client] = [new Child(worker), new Child(worker)]
  const network = new Child(new URL('../between.js', import.meta.url))
  const received = async (): Promise<number> => (await server.ask<number>('received')) / MiB
  try {
    const weather = { delayMs: link.rttMs / 2, rate: link.mbit * 125_000 }
    const where = await network.ask<Where>('carry', { ...(await server.ask<object>('listen', adapter)), weather })
    await client.ask('dial', { adapter, where, streams: link.streams } satisfies Dial)
    const { p50Ms: aloneMs } = await client.ask<Trips>('calls', ALONE_MS)
    const empty = await received()
    await client.ask('pour')
    await delay(SECOND_MS)
    const firstMibPerS = (await received()) - empty
    await delay(settleMs)
    const [before, begun] = [await received(), performance.now()]
    const trips = client.ask<Trips>('calls', measureMs)
    await delay(measureMs)
    const steadyMibPerS = (((await received()) - before) * 1000) / (performance.now() - begun)
    return { firstMibPerS, steadyMibPerS, aloneMs, ...(await trips) }
  } finally {
    // Whoever writes first: a lost connection is news to the others.
    await client.stop()
    await network.stop()
    await server.stop()
  }
}
