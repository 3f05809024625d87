// What a row of the benchmark is made of: traffic, and the figures read off it. Knows no contender.

import type { Caller, Contender } from './adapter.ts'
import type { Mark, Wire } from './sample.ts'

/** How a stretch is run: traffic for `rampMs`, measured for `measureMs`, kept up for `tailMs`, then quiet. */
export interface Times {
  readonly rampMs: number
  readonly measureMs: number
  readonly tailMs: number
}

/** One measured stretch, seen from both processes. */
export interface Stretch {
  readonly client: readonly [begin: Mark, end: Mark]
  /** Where both sides are one process, its processor time is counted on the other side alone. */
  readonly server: readonly [begin: Mark, end: Mark]
  /** What passed between them, where it is counted. */
  readonly wire?: readonly [begin: Wire, end: Wire] | undefined
  /** Counts of the traffic's own, by name. */
  readonly counts: Readonly<Record<string, number>>
}

/** Figures by name; NaN where there is nothing to say. */
export type Figures = Record<string, number>

/** One kind of traffic in the dialling process. */
export interface Traffic {
  /** Opens what it needs, once. */
  prepare(): Promise<void>
  start(): void
  /** Forgets what was counted so far: a measured stretch begins. */
  clear(): void
  counts(): Record<string, number>
  /** Resolves when nothing of its own is under way. */
  stop(): Promise<void>
  /** Bytes written to streams so far, so that a loss would be seen. */
  readonly written: number
  /** Given, a stretch is this and nothing else: it starts and stops by itself, and answers with its counts. */
  course?(times: Times): Promise<Record<string, number>>
}

/** How a figure is printed and compared. */
export interface Column {
  readonly name: string
  readonly title: string
  readonly better: 'more' | 'less'
  /** The figure by which the goals judge a row. */
  readonly headline?: boolean
  /** Its value is the median of the warm-up's first second, not of the rounds' stretches. */
  readonly cold?: boolean
}

export interface Workload {
  readonly columns: readonly Column[]
  /** A workload may ask more of the dialling side; a row brings together only those that fit. */
  traffic(dialled: Caller): Traffic
  figures(stretch: Stretch): Figures
  /** Given, a stretch lasts until this is true of the listening process, and memory is read after a collection. */
  settled?(server: Mark): boolean
  /** A stretch is measured from one quiet moment to the next, so that all that belongs to its traffic is counted. */
  readonly whole?: boolean
}

/** A row without traffic: what this process finds out about a contender by itself. */
export interface Probe {
  readonly columns: readonly Column[]
  probe(contender: Contender): Promise<Figures>
}

/** Things per ms between two marks of one process. */
export function rate([begin, end]: readonly [Mark, Mark], read: (mark: Mark) => number): number {
  return (read(end) - read(begin)) / (end.atMs - begin.atMs)
}

/** Processor time per ms of both processes together: 2 is two cores kept busy. */
export function cpuShare({ client, server }: Stretch): number {
  return rate(client, (mark) => mark.cpuMs) + rate(server, (mark) => mark.cpuMs)
}

export function sum(values: readonly number[]): number {
  let total = 0
  for (const value of values) total += value
  return total
}

export const MiB = 1024 * 1024

/** Stream bytes received, in MiB/s. */
export function throughput({ server }: Stretch): number {
  return (rate(server, (mark) => sum(mark.received)) * 1000) / MiB
}
