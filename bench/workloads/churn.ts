// Streams that live for one byte: opened, written to, ended by both sides, so many at a time.

import type { Dialled } from '../adapter.ts'
import type { Column, Workload } from '../workload.ts'
import { Calls, figures, type Kind } from './calls.ts'

const COLUMNS: readonly Column[] = [
  { name: 'streamsPerS', title: 'streams/s', better: 'more', headline: true },
  { name: 'p50Ms', title: 'p50 ms', better: 'less' },
  { name: 'p99Ms', title: 'p99 ms', better: 'less' },
  { name: 'cpuUsPerStream', title: 'CPU µs a stream, both sides', better: 'less' },
]

export function churn(atATime: number): Workload {
  return {
    columns: COLUMNS,
    traffic: (dialled: Dialled) => new Calls(new Lives(dialled), atATime),
    figures(stretch) {
      const {
        callsPerS = Number.NaN,
        p50Ms = Number.NaN,
        p99Ms = Number.NaN,
        cpuUsPerCall = Number.NaN,
      } = figures(stretch)
      return { streamsPerS: callsPerS, p50Ms, p99Ms, cpuUsPerStream: cpuUsPerCall }
    },
  }
}

/** A life as a call without an answer. */
class Lives implements Kind {
  readonly bytes = 0
  readonly #dialled: Dialled

  constructor(dialled: Dialled) {
    this.#dialled = dialled
  }

  call(done: (reply: string) => void): void {
    this.#dialled.churn!(() => done(''))
  }

  async verify(): Promise<void> {
    for (let life = 0; life < 20; life++) await new Promise<string>((resolve) => this.call(resolve))
  }
}
