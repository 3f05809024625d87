// A small run with fixed figures, for the tests of the benchmark's report: three rounds, two rows, every kind of goal.

import { cells, type RowRecord, type RunRecord } from './report-record.ts'
import type { Rounds } from './run.ts'

const SPEED = { name: 'mibPerS', title: 'MiB/s', better: 'more', headline: true } as const
const CPU = { name: 'cpuMsPerMib', title: 'CPU ms per MiB', better: 'less' } as const
const CALLS = { name: 'callsPerS', title: 'calls/s', better: 'more', headline: true } as const

function speeds(...pairs: readonly (readonly [speed: number, cpu: number])[]): Rounds {
  return pairs.map(([mibPerS, cpuMsPerMib]) => ({ mibPerS, cpuMsPerMib }))
}

const bulkOurs = speeds([200, 1], [300, 1], [100, 1])
const callsOurs: Rounds = [{ callsPerS: 1000 }, { callsPerS: 1000 }, { callsPerS: 1000 }]

const bulk: RowRecord = {
  title: 'one stream',
  columns: [SPEED, CPU],
  goals: [
    { of: 'W1', against: 'net', column: 'mibPerS', atLeast: 1.5 },
    { of: 'W1', against: 'peers', column: 'cpuMsPerMib', atMost: 0.4 },
    { of: 'W1', column: 'cpuMsPerMib', atMost: 1 },
    { against: 'net', column: 'mibPerS', atLeast: 1 },
    { against: 'http2', column: 'mibPerS', atLeast: 100 },
  ],
  contenders: {
    // Half our speed, but in the last round the same: quotients 2, 2 and 1.
    net: cells(speeds([100, 1], [150, 1], [100, 1]), bulkOurs),
    http2: cells(speeds([20, 2], [30, 2], [10, 2]), bulkOurs),
    muxrpc: cells([undefined, undefined, undefined], bulkOurs),
    braidwire: cells(bulkOurs, undefined),
  },
}

const calls: RowRecord = {
  title: 'calls',
  columns: [CALLS],
  goals: [{ of: 'W3', against: 'peers', column: 'callsPerS', atLeast: 5 }],
  contenders: {
    http2: cells([{ callsPerS: 100 }, undefined, { callsPerS: 110 }], callsOurs),
    braidwire: cells(callsOurs, undefined),
  },
}

const TITLES = { net: 'plain sockets', http2: 'node:http2', muxrpc: 'muxrpc', braidwire: 'Braidwire' }

/** `contenders`: who is in the run's plan; the figures are there in any case. */
export function sampleRun(contenders: readonly string[] = Object.keys(TITLES)): RunRecord {
  return {
    date: '2026-01-02T03:04:05.000Z',
    node: 'v20.0.0',
    cpu: 'Abacus',
    cores: 2,
    plan: {
      ours: 'braidwire',
      contenders,
      rounds: 3,
      turns: 2,
      warm: { rampMs: 0, measureMs: 1000, tailMs: 1000 },
      measured: { rampMs: 100, measureMs: 600, tailMs: 0 },
      flags: [],
    },
    notes: Object.fromEntries(Object.entries(TITLES).map(([name, title]) => [name, { title, packages: [] }])),
    rows: { bulk, calls },
    failures: [],
  }
}
