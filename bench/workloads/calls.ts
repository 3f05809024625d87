// A fixed number of small calls kept in flight: each reply starts the next call.

import type { Dialled } from '../adapter.ts'
import { Latencies } from '../sample.ts'
import { type Column, cpuShare, type Figures, type Stretch, type Traffic, type Workload } from '../workload.ts'

const COLUMNS: readonly Column[] = [
  { name: 'callsPerS', title: 'calls/s', better: 'more', headline: true },
  { name: 'p50Ms', title: 'p50 ms', better: 'less' },
  { name: 'p99Ms', title: 'p99 ms', better: 'less' },
  { name: 'cpuUsPerCall', title: 'CPU µs a call, both sides', better: 'less' },
  { name: 'coldCallsPerS', title: 'first second, calls/s', better: 'more', cold: true },
]

export function calls(inFlight: number, bodyBytes: number): Workload {
  return {
    columns: COLUMNS,
    traffic: (dialled) => new Calls(dialled, inFlight, bodyBytes),
    figures,
  }
}

function figures(stretch: Stretch): Figures {
  const { p50Ms = Number.NaN, p99Ms = Number.NaN, done = 0 } = stretch.counts
  const [begin, end] = stretch.client
  const callsPerS = (done * 1000) / (end.atMs - begin.atMs)
  return { callsPerS, coldCallsPerS: callsPerS, p50Ms, p99Ms, cpuUsPerCall: (cpuShare(stretch) * 1e6) / callsPerS }
}

/** Also the foreground of `beside`, hence exported. */
export class Calls implements Traffic {
  readonly written = 0
  readonly #dialled: Dialled
  readonly #inFlight: number
  readonly #body: Uint8Array
  readonly #latencies = new Latencies()
  /** Reading the clock twice a call would itself be a cost worth measuring, so only every n-th call is timed. */
  readonly #every: number
  #running = false
  #count = 0
  #done = 0
  #open = 0
  #stopped: (() => void) | undefined

  constructor(dialled: Dialled, inFlight: number, bodyBytes: number) {
    this.#dialled = dialled
    this.#inFlight = inFlight
    this.#body = new Uint8Array(bodyBytes).fill(0x61)
    this.#every = inFlight > 32 ? 17 : 1
  }

  async prepare(): Promise<void> {}

  start(): void {
    this.#running = true
    for (let call = 0; call < this.#inFlight; call++) this.#next()
  }

  clear(): void {
    this.#latencies.clear()
    this.#done = 0
  }

  counts(): Record<string, number> {
    const done = this.#done
    return { done, ...this.#latencies.take() }
  }

  stop(): Promise<void> {
    this.#running = false
    return new Promise((resolve) => {
      if (this.#open === 0) resolve()
      else this.#stopped = resolve
    })
  }

  readonly #plain = (reply: Uint8Array): void => {
    this.#finish(reply)
  }

  #next(): void {
    this.#open++
    if (this.#count++ % this.#every !== 0) {
      this.#dialled.call(this.#body, this.#plain)
      return
    }
    const begun = performance.now()
    this.#dialled.call(this.#body, (reply) => {
      this.#latencies.add(performance.now() - begun)
      this.#finish(reply)
    })
  }

  #finish(reply: Uint8Array): void {
    if (reply.length !== this.#body.length) throw new Error(`a reply of ${reply.length} bytes`)
    this.#open--
    this.#done++
    if (this.#running) this.#next()
    else if (this.#open === 0) this.#stopped?.()
  }
}
