// The command line of the benchmark. Knows the names of rows and contenders, runs nothing.

import { parseArgs } from 'node:util'
import { type AdapterName, adapters, peerNames } from './adapter.ts'
import type { Runtime } from './pair.ts'
import { field, type RowName, type Suite, suites } from './rows.ts'
import type { Times } from './workload.ts'

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
const JSON_TRANSPORTS = 'build/bench/transports.json'

export function usage(args: readonly string[]): string {
  const rpc = args.includes('--rpc')
  const transports = args.includes('--transports')
  const suite = suiteOf(rpc, transports)
  const name = suite === suites.bytes ? '' : `:${rpc ? 'rpc' : 'transports'}`
  return `npm run bench${name} -- [options]

  --quick            ${rpc ? 'two short rounds' : 'one short round'}, under three minutes
${name !== '' ? '' : '  --peers            beside other libraries too, which are installed when they are missing; about an hour\n'}  --only a,b         rows and contenders by name, e.g. --only ${suite.rows[0]},${suite.rows[2]},${suite.ours}
  --rounds n         rounds (default 5, ${rpc ? 'quick 2' : 'with peers 3, quick 1'})
  --turns n          measured stretches of each contender in a round (default 2, quick 1)
  --ms n             milliseconds of a measured stretch, and at most of warm-up: for a look that everything works
  --profile cpu|heap write profiles of every process to build/bench/profiles
${rpc ? '  --heap             only count the objects and bytes that a typed call of ours allocates\n' : ''}  --json file        where the figures go (default ${jsonOf(rpc, transports)})

rows:       ${suite.rows.join(' ')}
contenders: ${contendersOf(suite, rpc).join(' ')}
${name !== '' ? '' : `peers:      ${peersOf(suite).join(' ')}\n`}`
}

function suiteOf(rpc: boolean, transports: boolean): Suite {
  if (transports) return suites.transports
  return rpc ? suites.rpc : suites.bytes
}

function jsonOf(rpc: boolean, transports: boolean): string {
  if (transports) return JSON_TRANSPORTS
  return rpc ? JSON_RPC : JSON_BYTES
}

/** @throws TypeError in words for the person who typed it. */
export function plan(args: readonly string[]): Plan | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rpc: { type: 'boolean', default: false },
      transports: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
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
  const { quick, rpc, transports, peers } = values
  const suite = suiteOf(rpc, transports)
  const all = contendersOf(suite, rpc || peers)
  const names = values.only.split(',').filter((name) => name !== '')
  for (const name of names) {
    if ((suite.rows as readonly string[]).includes(name) || (all as readonly string[]).includes(name)) continue
    const hint = (peersOf(suite) as readonly string[]).includes(name) ? ' without --peers' : ''
    throw new TypeError(`no row or contender "${name}"${hint}`)
  }
  return {
    ours: suite.ours,
    rows: chosen(suite.rows, names),
    contenders: chosen(all, names),
    rounds: count('rounds', values.rounds, roundsOf(rpc, peers, quick)),
    turns: count('turns', values.turns, quick ? 1 : 2),
    ...shortened(rpc ? timesOfTyped(quick) : timesOfBytes(quick, peers), values.ms),
    flags: flags(values.profile),
    json: values.json ?? jsonOf(rpc, transports),
    heap: values.heap && rpc,
  }
}

type Pace = Pick<Plan, 'warm' | 'measured'>

function roundsOf(rpc: boolean, peers: boolean, quick: boolean): number {
  if (quick) return rpc ? 2 : 1
  return peers ? 3 : 5
}

/** Two seconds of warm-up, because goals count after that. Beside many others less is measured, or a run takes too long. */
function timesOfBytes(quick: boolean, peers: boolean): Pace {
  return {
    warm: { rampMs: 0, measureMs: quick ? 500 : 1000, tailMs: quick ? 0 : 1000 },
    measured: { rampMs: 100, measureMs: bytesMs(quick, peers), tailMs: 0 },
  }
}

function bytesMs(quick: boolean, peers: boolean): number {
  if (quick) return 300
  return peers ? 400 : 600
}

function timesOfTyped(quick: boolean): Pace {
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
function contendersOf(suite: Suite, peers: boolean): readonly AdapterName[] {
  const present = new Set(suite.rows.flatMap(field))
  return (Object.keys(adapters) as AdapterName[]).filter(
    (name) => present.has(name) && (peers || !peerNames.includes(name)),
  )
}

function peersOf(suite: Suite): readonly AdapterName[] {
  return contendersOf(suite, true).filter((name) => peerNames.includes(name))
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
