// Streams that are never short of bytes: one with large chunks, or many that must share.

import type { Dialled, Outlet } from '../adapter.ts'
import {
  type Column,
  cpuShare,
  type Figures,
  MiB,
  type Stretch,
  sum,
  type Traffic,
  throughput,
  type Workload,
} from '../workload.ts'

const RATE: Column = { name: 'mibPerS', title: 'MiB/s', better: 'more', headline: true }
const CPU: Column = { name: 'cpuMsPerMib', title: 'CPU ms per MiB, both sides', better: 'less' }
const COLD: Column = { name: 'coldMibPerS', title: 'first second, MiB/s', better: 'more', cold: true }
const FAIR: Column = { name: 'fair', title: 'least / most served stream', better: 'more' }
const UNDER_WAY: Column = { name: 'underWayMib', title: 'MiB written and not received', better: 'less' }
const CHUNK: Column = { name: 'cpuUsPerChunk', title: 'CPU µs a chunk, both sides', better: 'less', headline: true }

export function bulk(streams: number, chunkBytes: number): Workload {
  return of(streams, chunkBytes, streams === 1 ? [RATE, CPU, COLD] : [RATE, CPU, COLD, FAIR])
}

/** One stream over a long path: the first second is that of a fresh connection, and what is under way fills the path. */
export function distant(chunkBytes: number): Workload {
  return of(1, chunkBytes, [RATE, { ...COLD, headline: true }, CPU, UNDER_WAY])
}

/** One stream within one process: what it costs is the figure, since nothing waits for a network. */
export function bulkInMemory(chunkBytes: number): Workload {
  return of(1, chunkBytes, [CHUNK, { ...RATE, headline: false }])
}

function of(streams: number, chunkBytes: number, columns: readonly Column[]): Workload {
  return {
    columns,
    traffic: (dialled: Dialled) => new Bulk(dialled, streams, chunkBytes),
    figures: (stretch) => figures(stretch, chunkBytes),
  }
}

function figures(stretch: Stretch, chunkBytes: number): Figures {
  const mibPerS = throughput(stretch)
  const cpuMsPerMib = (cpuShare(stretch) * 1000) / mibPerS
  return {
    mibPerS,
    coldMibPerS: mibPerS,
    cpuMsPerMib,
    cpuUsPerChunk: (cpuMsPerMib * 1000 * chunkBytes) / MiB,
    fair: fairness(stretch),
    underWayMib: ((stretch.counts.written ?? Number.NaN) - sum(stretch.server[1].received)) / MiB,
  }
}

function fairness({ server: [begin, end] }: Stretch): number {
  const served = end.received.map((bytes, stream) => bytes - (begin.received[stream] ?? 0))
  return Math.min(...served) / Math.max(...served)
}

/** A socket whose every write is taken at once calls `drain` before anything else can happen: without a pause nothing else ever does. */
const CHUNKS_A_TURN = 1000

/** Also the background of `beside`, hence exported. */
export class Bulk implements Traffic {
  written = 0
  readonly #dialled: Dialled
  readonly #streams: number
  readonly #chunk: Uint8Array
  readonly #pumps: (() => void)[] = []
  #running = false
  #full = 0
  #sinceTurn = 0
  #stopped: (() => void) | undefined

  constructor(dialled: Dialled, streams: number, chunkBytes: number) {
    this.#dialled = dialled
    this.#streams = streams
    this.#chunk = new Uint8Array(chunkBytes).fill(0x5a)
  }

  async prepare(): Promise<void> {
    for (let number = 0; number < this.#streams; number++) {
      const outlet = await this.#dialled.open(() => {
        this.#full--
        this.#pump(outlet)
      })
      this.#pumps.push(() => this.#pump(outlet))
    }
  }

  start(): void {
    this.#running = true
    for (const pump of this.#pumps) pump()
  }

  clear(): void {}

  counts(): Record<string, number> {
    return { written: this.written }
  }

  stop(): Promise<void> {
    this.#running = false
    return new Promise((resolve) => {
      if (this.#full === 0) resolve()
      else this.#stopped = resolve
    })
  }

  #pump(outlet: Outlet): void {
    while (this.#running) {
      if (this.#sinceTurn++ >= CHUNKS_A_TURN) {
        setImmediate(() => {
          this.#sinceTurn = 0
          this.#pump(outlet)
        })
        return
      }
      this.written += this.#chunk.length
      if (outlet.write(this.#chunk)) continue
      this.#full++
      return
    }
    if (this.#full === 0) this.#stopped?.()
  }
}
