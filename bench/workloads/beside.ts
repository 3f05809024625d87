// One call after another while one stream is never short of bytes: what a small call pays for its neighbour.

import type { Dialled } from '../adapter.ts'
import {
  type Column,
  cpuShare,
  type Figures,
  type Stretch,
  type Traffic,
  throughput,
  type Workload,
} from '../workload.ts'
import { Bulk } from './bulk.ts'
import { type Calls, echoes } from './calls.ts'

const COLUMNS: readonly Column[] = [
  { name: 'p50Ms', title: 'call p50 ms', better: 'less', headline: true },
  { name: 'p99Ms', title: 'call p99 ms', better: 'less', headline: true },
  { name: 'mibPerS', title: 'bulk MiB/s at the same time', better: 'more', headline: true },
  { name: 'cpuCores', title: 'cores kept busy, both sides', better: 'less' },
]

export function beside(chunkBytes: number, bodyBytes: number): Workload {
  return {
    columns: COLUMNS,
    traffic: (dialled: Dialled) => new Beside(dialled, chunkBytes, bodyBytes),
    figures(stretch: Stretch): Figures {
      const { p50Ms = Number.NaN, p99Ms = Number.NaN } = stretch.counts
      return { p50Ms, p99Ms, mibPerS: throughput(stretch), cpuCores: cpuShare(stretch) }
    },
  }
}

class Beside implements Traffic {
  readonly #bulk: Bulk
  readonly #calls: Calls

  constructor(dialled: Dialled, chunkBytes: number, bodyBytes: number) {
    this.#bulk = new Bulk(dialled, 1, chunkBytes)
    this.#calls = echoes(dialled, 1, bodyBytes)
  }

  get written(): number {
    return this.#bulk.written
  }

  async prepare(): Promise<void> {
    await Promise.all([this.#bulk.prepare(), this.#calls.prepare()])
  }

  start(): void {
    this.#bulk.start()
    this.#calls.start()
  }

  clear(): void {
    this.#calls.clear()
  }

  counts(): Record<string, number> {
    return this.#calls.counts()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#bulk.stop(), this.#calls.stop()])
  }
}
