// Streams that are never short of bytes: one with large chunks, or many that must share.

import type { Dialled, Outlet } from '../adapter.ts'
import {
  type Column,
  cpuShare,
  type Figures,
  type Stretch,
  type Traffic,
  throughput,
  type Workload,
} from '../workload.ts'

const COLUMNS: readonly Column[] = [
  { name: 'mibPerS', title: 'MiB/s', better: 'more', headline: true },
  { name: 'cpuMsPerMib', title: 'CPU ms per MiB, both sides', better: 'less' },
  { name: 'coldMibPerS', title: 'first second, MiB/s', better: 'more', cold: true },
]
const FAIR: Column = { name: 'fair', title: 'least / most served stream', better: 'more' }

export function bulk(streams: number, chunkBytes: number): Workload {
  return {
    columns: streams === 1 ? COLUMNS : [...COLUMNS, FAIR],
    traffic: (dialled: Dialled) => new Bulk(dialled, streams, chunkBytes),
    figures: (stretch) => figures(stretch, streams),
  }
}

function figures(stretch: Stretch, streams: number): Figures {
  const mibPerS = throughput(stretch)
  const result: Figures = { mibPerS, coldMibPerS: mibPerS, cpuMsPerMib: (cpuShare(stretch) * 1000) / mibPerS }
  if (streams > 1) result.fair = fairness(stretch)
  return result
}

function fairness({ server: [begin, end] }: Stretch): number {
  const served = end.received.map((bytes, stream) => bytes - (begin.received[stream] ?? 0))
  return Math.min(...served) / Math.max(...served)
}

/** Also the background of `beside`, hence exported. */
export class Bulk implements Traffic {
  written = 0
  readonly #dialled: Dialled
  readonly #streams: number
  readonly #chunk: Uint8Array
  readonly #pumps: (() => void)[] = []
  #running = false
  #full = 0
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
    return {}
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
      this.written += this.#chunk.length
      if (outlet.write(this.#chunk)) continue
      this.#full++
      return
    }
    if (this.#full === 0) this.#stopped?.()
  }
}
