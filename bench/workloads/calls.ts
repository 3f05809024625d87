// A fixed number of calls kept in flight: each reply starts the next call. Small ones that are echoed, or large results.

import { type Body, type Caller, LETTERS, type Remote } from '../adapter.ts'
import { body, verify } from '../body.ts'
import { Latencies } from '../sample.ts'
import { type Column, cpuShare, type Figures, MiB, type Stretch, type Traffic, type Workload } from '../workload.ts'

const P50: Column = { name: 'p50Ms', title: 'p50 ms', better: 'less' }
const P99: Column = { name: 'p99Ms', title: 'p99 ms', better: 'less' }
const COLUMNS: readonly Column[] = [
  { name: 'callsPerS', title: 'calls/s', better: 'more', headline: true },
  P50,
  P99,
  { name: 'cpuUsPerCall', title: 'CPU µs a call, both sides', better: 'less' },
  { name: 'coldCallsPerS', title: 'first second, calls/s', better: 'more', cold: true },
]
const RESULT_COLUMNS: readonly Column[] = [
  { name: 'mibPerS', title: 'MiB/s', better: 'more', headline: true },
  P50,
  P99,
  { name: 'cpuMsPerMib', title: 'CPU ms per MiB, both sides', better: 'less' },
]

/** Calls that send so many bytes and get them back. */
export function calls(inFlight: number, bodyBytes: number): Workload {
  return {
    columns: COLUMNS,
    traffic: (dialled) => echoes(dialled, inFlight, bodyBytes),
    figures,
  }
}

/** The same in one process: what it costs is the figure, since nothing waits for a network. */
export function callsInMemory(inFlight: number, bodyBytes: number): Workload {
  const [rate, ...others] = COLUMNS
  const columns = others.map((column) => (column.name === 'cpuUsPerCall' ? { ...column, headline: true } : column))
  return { ...calls(inFlight, bodyBytes), columns: [...columns, { ...rate!, headline: false }] }
}

/** The same without the first second, for warm-ups of other lengths. */
export function warmCalls(inFlight: number, bodyBytes: number): Workload {
  return { ...calls(inFlight, bodyBytes), columns: COLUMNS.filter((column) => column.cold !== true) }
}

/** Calls that send a number and get so many bytes. */
export function results(inFlight: number, resultBytes: number): Workload {
  return {
    columns: RESULT_COLUMNS,
    traffic: (remote: Remote) => new Calls(new Results(remote, resultBytes), inFlight),
    figures(stretch) {
      const { p50Ms = Number.NaN, p99Ms = Number.NaN, callsPerS = Number.NaN } = figures(stretch)
      const mibPerS = (callsPerS * resultBytes) / MiB
      return { mibPerS, p50Ms, p99Ms, cpuMsPerMib: (cpuShare(stretch) * 1000) / mibPerS }
    },
  }
}

/** Also the foreground of `beside`, hence exported. */
export function echoes(caller: Caller, inFlight: number, bodyBytes: number): Calls {
  return new Calls(new Echoes(caller, bodyBytes), inFlight)
}

/** One kind of call, always the same. */
export interface Kind {
  /** Bytes of a reply. */
  readonly bytes: number
  call(done: (reply: Body) => void): void
  /** Looks at whole replies once, because later only their length is looked at. */
  verify(): Promise<void>
}

class Echoes implements Kind {
  readonly bytes: number
  readonly #caller: Caller
  readonly #body: Body

  constructor(caller: Caller, bytes: number) {
    this.bytes = bytes
    this.#caller = caller
    this.#body = body(caller, bytes, LETTERS.echo)
  }

  call(done: (reply: Body) => void): void {
    this.#caller.call(this.#body, done)
  }

  /** Several at once, each with another body: a reply must find its own call. */
  async verify(): Promise<void> {
    const letters = Array.from({ length: 20 }, (_, index) => LETTERS.echo + index)
    await Promise.all(
      letters.map(async (letter) => {
        const sent = body(this.#caller, this.bytes, letter)
        verify(await new Promise<Body>((resolve) => this.#caller.call(sent, resolve)), this.bytes, letter)
      }),
    )
  }
}

class Results implements Kind {
  readonly bytes: number
  readonly #remote: Remote

  constructor(remote: Remote, bytes: number) {
    this.bytes = bytes
    this.#remote = remote
  }

  call(done: (reply: Body) => void): void {
    this.#remote.big(this.bytes, done)
  }

  async verify(): Promise<void> {
    verify(await new Promise<Body>((resolve) => this.call(resolve)), this.bytes, LETTERS.big)
  }
}

/** Of any traffic of {@link Calls}. */
export function figures(stretch: Stretch): Figures {
  const { p50Ms = Number.NaN, p99Ms = Number.NaN, done = 0 } = stretch.counts
  const [begin, end] = stretch.client
  const callsPerS = (done * 1000) / (end.atMs - begin.atMs)
  return { callsPerS, coldCallsPerS: callsPerS, p50Ms, p99Ms, cpuUsPerCall: (cpuShare(stretch) * 1e6) / callsPerS }
}

export class Calls implements Traffic {
  readonly written = 0
  readonly #kind: Kind
  readonly #inFlight: number
  readonly #latencies = new Latencies()
  /** Reading the clock twice a call would itself be a cost worth measuring, so only every n-th call is timed. */
  readonly #every: number
  #running = false
  #count = 0
  #done = 0
  #open = 0
  #stopped: (() => void) | undefined

  constructor(kind: Kind, inFlight: number) {
    this.#kind = kind
    this.#inFlight = inFlight
    this.#every = inFlight > 32 ? 17 : 1
  }

  prepare(): Promise<void> {
    return this.#kind.verify()
  }

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

  readonly #plain = (reply: Body): void => {
    this.#finish(reply)
  }

  #next(): void {
    this.#open++
    if (this.#count++ % this.#every !== 0) {
      this.#kind.call(this.#plain)
      return
    }
    const begun = performance.now()
    this.#kind.call((reply) => {
      this.#latencies.add(performance.now() - begun)
      this.#finish(reply)
    })
  }

  #finish(reply: Body): void {
    if (reply.length !== this.#kind.bytes) throw new Error(`a reply of ${reply.length} bytes, not ${this.#kind.bytes}`)
    this.#open--
    this.#done++
    if (this.#running) this.#next()
    else if (this.#open === 0) this.#stopped?.()
  }
}
