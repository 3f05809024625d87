// One reader stops: how much its sender gets rid of, and what calls beside it pay, compared with calls before.

import { setTimeout as delay } from 'node:timers/promises'
import type { Dialled, Outlet } from '../adapter.ts'
import { type Column, type Figures, MiB, type Stretch, type Times, type Traffic, type Workload } from '../workload.ts'
import { type Calls, echoes } from './calls.ts'

const COLUMNS: readonly Column[] = [
  { name: 'acceptedMib', title: 'MiB taken from the sender', better: 'less', headline: true },
  { name: 'p50Ms', title: 'call p50 ms', better: 'less' },
  { name: 'p99Ms', title: 'call p99 ms', better: 'less' },
  { name: 'p99Ratio', title: 'call p99 ÷ that before', better: 'less' },
  { name: 'stalled', title: 'calls stalled (1: yes)', better: 'less' },
  { name: 'heldMib', title: 'MiB more held by both processes (RSS)', better: 'less' },
]

const OFFERED_BYTES = 128 * MiB
/** Whoever has not asked for more in this time asks no more. */
const FULL_MS = 300
/** A call that has no reply by then has none ever. */
const STALL_MS = 2_000

/** `warmMs`: calls before either figure, so that both are of warm code. */
export function stuck(chunkBytes: number, bodyBytes: number, warmMs: number): Workload {
  return {
    columns: COLUMNS,
    traffic: (dialled: Dialled) => new Stuck(dialled, chunkBytes, bodyBytes, warmMs),
    figures,
  }
}

function figures({ client, server, counts }: Stretch): Figures {
  const { acceptedMib = Number.NaN, p50Ms = Number.NaN, p99Ms = Number.NaN, beforeMs = Number.NaN } = counts
  const held = [client, server].reduce((sum, [begin, end]) => sum + end.rssBytes - begin.rssBytes, 0)
  return {
    acceptedMib,
    p50Ms,
    p99Ms,
    p99Ratio: p99Ms / beforeMs,
    stalled: counts.stalled ?? Number.NaN,
    heldMib: held / MiB,
  }
}

class Stuck implements Traffic {
  readonly written = 0
  readonly #dialled: Dialled
  readonly #calls: Calls
  readonly #chunk: Uint8Array
  readonly #warmMs: number

  constructor(dialled: Dialled, chunkBytes: number, bodyBytes: number, warmMs: number) {
    this.#dialled = dialled
    this.#calls = echoes(dialled, 1, bodyBytes)
    this.#chunk = new Uint8Array(chunkBytes).fill(0x5a)
    this.#warmMs = warmMs
  }

  prepare(): Promise<void> {
    return this.#calls.prepare()
  }

  async course({ measureMs }: Times): Promise<Record<string, number>> {
    await this.#measure(this.#warmMs)
    const before = await this.#measure(measureMs)
    if (before === undefined) throw new Error('calls stalled before any reader did')
    const acceptedMib = (await this.#offer()) / MiB
    const after = await this.#measure(measureMs)
    const stalled = after === undefined ? 1 : 0
    return { acceptedMib, ...after, beforeMs: before.p99Ms ?? Number.NaN, stalled }
  }

  start(): void {}
  clear(): void {}
  async stop(): Promise<void> {}

  counts(): Record<string, number> {
    return {}
  }

  /** Undefined when a call had no reply. */
  async #measure(ms: number): Promise<Record<string, number> | undefined> {
    this.#calls.clear()
    this.#calls.start()
    await delay(ms)
    const stopped = await Promise.race([this.#calls.stop().then(() => true), delay(STALL_MS, false)])
    return stopped ? this.#calls.counts() : undefined
  }

  /** Writes for as long as it is asked to. Bytes that were taken before the answer was no. */
  async #offer(): Promise<number> {
    let accepted = 0
    let wanted = performance.now()
    let full = false
    let outlet: Outlet | undefined
    const write = (): void => {
      full = false
      wanted = performance.now()
      while (outlet !== undefined && accepted < OFFERED_BYTES && !full) {
        full = !outlet.write(this.#chunk)
        accepted += this.#chunk.length
      }
    }
    outlet = await this.#dialled.stuck!(write)
    write()
    while (accepted < OFFERED_BYTES && performance.now() - wanted < FULL_MS) await delay(20)
    return accepted
  }
}
