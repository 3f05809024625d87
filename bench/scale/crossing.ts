// One contender over one link: four processes (this one, both ends and the network between them), and what gets across.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { AdapterName } from '../adapter.ts'
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
  let network: ChildProcess | undefined
  const received = async (): Promise<number> => (await server.ask<number>('received')) / MiB
  try {
    network = between(await server.ask<number>('listen', adapter), link)
    await client.ask('dial', { adapter, port: await portOf(network), streams: link.streams } satisfies Dial)
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
    network?.kill('SIGKILL')
    await server.stop()
  }
}

/** The network ends when this process does: its standard input ends. */
function between(port: number, { rttMs, mbit }: Link): ChildProcess {
  const program = fileURLToPath(new URL('../../test/network/link.js', import.meta.url))
  const args = [program, String(port), String(rttMs / 2), String(mbit * 125_000)]
  return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
}

async function portOf(network: ChildProcess): Promise<number> {
  const ended = once(network, 'exit').then(() => Promise.reject(new Error('the network between both ends has ended')))
  const [line] = (await Promise.race([once(network.stdout!, 'data'), ended])) as [Buffer]
  return Number(new URL(String(line).trim()).port)
}
