// The command line of the benchmark. Knows the names of rows and contenders, runs nothing.

import { parseArgs } from 'node:util'
import { type AdapterName, adapters } from './adapter.ts'
import type { Runtime } from './pair.ts'
import { type RowName, rowNamed, type Suite, suites } from './rows.ts'
import type { Times } from './worker.ts'

export interface Plan {
  /** The contender all others are compared with. */
  readonly ours: AdapterName
  readonly rows: readonly RowName[]
  readonly contenders: readonly AdapterName[]
  readonly rounds: number
  readonly warm: Times
  /** Measured stretches of each contender in each round, in turn. */
  readonly turns: number
  readonly measured: Times
  /** Flags for the child processes. */
  readonly flags: readonly string[]
  /** What they run on. Default: this Node. */
  readonly runtime?: Runtime
  readonly json: string
  /** Instead of all this, count what a typed call allocates. */
  readonly heap: boolean
}

const JSON_BYTES = 'build/bench/results.json'
const JSON_RPC = 'build/bench/rpc.json'

export function usage(args: readonly string[]): string {
  const rpc = args.includes('--rpc')
  const suite = rpc ? suites.rpc : suites.bytes
  return `npm run bench${rpc ? ':rpc' : ''} -- [options]

  --quick            two short rounds, under three minutes
  --only a,b         rows and contenders by name, e.g. --only ${suite.rows[0]},${suite.rows[2]},${suite.ours},net
  --rounds n         rounds (default 5, quick 2)
  --turns n          measured stretches of each contender in a round (default 2, quick 1)
  --ms n             milliseconds of a measured stretch, and at most of warm-up: for a look that everything works
  --profile cpu|heap write profiles of every process to build/bench/profiles
${rpc ? '  --heap             only count the objects and bytes that a typed call of ours allocates\n' : ''}  --json file        where the figures go (default ${rpc ? JSON_RPC : JSON_BYTES})

rows:       ${suite.rows.join(' ')}
contenders: ${contendersOf(suite).join(' ')}
`
}

/** @throws TypeError in words for the person who typed it. */
export function plan(args: readonly string[]): Plan | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rpc: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      turns: { type: 'string' },
      ms: { type: 'string' },
      profile: { type: 'string' },
      json: { type: 'string' },
      heap: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  const { quick, rpc } = values
  const suite: Suite = rpc ? suites.rpc : suites.bytes
  const all = contendersOf(suite)
  const names = values.only.split(',').filter((name) => name !== '')
  for (const name of names)
    if (!(suite.rows as readonly string[]).includes(name) && !(all as readonly string[]).includes(name))
      throw new TypeError(`no row or contender "${name}"`)
  return {
    ours: suite.ours,
    rows: chosen(suite.rows, names),
    contenders: chosen(all, names),
    rounds: count('rounds', values.rounds, quick ? 2 : 5),
    turns: count('turns', values.turns, quick ? 1 : 2),
    ...shortened(rpc ? timesOfMany(quick) : timesOfFew(quick), values.ms),
    flags: flags(values.profile),
    json: values.json ?? (rpc ? JSON_RPC : JSON_BYTES),
    heap: values.heap && rpc,
  }
}

type Pace = Pick<Plan, 'warm' | 'measured'>

function timesOfFew(quick: boolean): Pace {
  return {
    warm: { rampMs: 0, measureMs: 1000, tailMs: quick ? 0 : 1000 },
    measured: { rampMs: 100, measureMs: quick ? 500 : 600, tailMs: 0 },
  }
}

/** Nine contenders in a row: less for each, or a run takes too long to be repeated. */
function timesOfMany(quick: boolean): Pace {
  return {
    warm: { rampMs: 0, measureMs: quick ? 600 : 1000, tailMs: 0 },
    measured: { rampMs: 100, measureMs: 400, tailMs: 0 },
  }
}

function shortened({ warm, measured }: Pace, given: string | undefined): Pace {
  if (given === undefined) return { warm, measured }
  const measureMs = count('ms', given, measured.measureMs)
  return {
    warm: { rampMs: 0, measureMs: Math.min(measureMs, warm.measureMs), tailMs: 0 },
    measured: { ...measured, measureMs },
  }
}

/** Everyone who stands in one of the suite's rows, in the order of the table. */
function contendersOf(suite: Suite): readonly AdapterName[] {
  const present = new Set(suite.rows.flatMap((row) => rowNamed(row).contenders))
  return (Object.keys(adapters) as AdapterName[]).filter((name) => present.has(name))
}

/** Those that are named, or all when none is. */
export function chosen<Name extends string>(all: readonly Name[], names: readonly string[]): readonly Name[] {
  const some = all.filter((name) => names.includes(name))
  return some.length === 0 ? all : some
}

function count(name: string, given: string | undefined, byDefault: number): number {
  const value = given === undefined ? byDefault : Number(given)
  if (!Number.isInteger(value) || value < 1) throw new TypeError(`--${name} takes a whole number from 1, not ${given}`)
  return value
}

function flags(kind: string | undefined): readonly string[] {
  const directory = 'build/bench/profiles'
  if (kind === undefined) return []
  if (kind !== 'cpu' && kind !== 'heap') throw new TypeError(`--profile takes cpu or heap, not ${kind}`)
  const suffix = `${kind}profile`
  return [`--${kind}-prof`, `--${kind}-prof-dir=${directory}`, `--${kind}-prof-name=%.${suffix}`]
}
