// What a row of the benchmark is, and what Braidwire is meant to reach in it. Types only.

import type { Weather } from '../test/network/proxy.ts'
import type { Ability, AdapterName, Raised } from './adapter.ts'
import type { Probe, Workload } from './workload.ts'

/** At least or at most so much, or so many times what another contender has. */
export interface Goal {
  /** The goal's name, `W1` to `W10`; absent for a line that must never be crossed. */
  readonly of?: string
  readonly column: string
  /** Whose figure it is about. Default: `ours` of the suite. */
  readonly by?: AdapterName
  /** `peers`: whichever of them is best in this column. Absent: the figure itself is judged, not a ratio. */
  readonly against?: AdapterName | 'peers'
  /** The row in which the other's figure is found, in the same column. Default: this one. */
  readonly row?: string
  readonly atLeast?: number
  readonly atMost?: number
}

export interface Row {
  readonly title: string
  /** What lies between the two sides; `memory`: both are in one process; `own`: so they are, or the dialling side starts the other. */
  readonly path: 'tcp' | 'unix' | 'memory' | 'own'
  /** A network of its own process in between, TCP alone; `{}` only counts what passes. */
  readonly through?: Partial<Weather>
  readonly workload: Workload | Probe
  readonly contenders: readonly AdapterName[]
  /** Other libraries that can do all this stand in it too, when they are asked for. Absent: none of them. */
  readonly peers?: readonly Ability[]
  /** Those that could, but would need minutes or gigabytes. */
  readonly without?: readonly string[]
  readonly raised?: Partial<Record<AdapterName, Raised>>
  readonly goals: readonly Goal[]
  /** Runs once a round, without warm-up: it is not about speed, or warms up by itself. */
  readonly once?: boolean
  /** Traffic before a stretch is measured, in ms, where a path needs longer than usual to fill. */
  readonly rampMs?: number
}
