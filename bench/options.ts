// The command line of the benchmark. Knows the names of rows and contenders, runs nothing.

import { parseArgs } from 'node:util'
import { type AdapterName, adapters } from './adapter.ts'
import { type RowName, rows } from './rows.ts'
import type { Times } from './worker.ts'

export interface Plan {
  readonly rows: readonly RowName[]
  readonly contenders: readonly AdapterName[]
  readonly rounds: number
  readonly warm: Times
  /** Measured stretches of each contender in each round, in turn. */
  readonly turns: number
  readonly measured: Times
  /** Flags for the child processes. */
  readonly flags: readonly string[]
  readonly json: string
}

export const USAGE = `npm run bench -- [options]

  --quick            two short rounds, under three minutes
  --only a,b         rows and contenders by name, e.g. --only bulk,calls-512,braidwire,net
  --rounds n         rounds (default 5, quick 2)
  --turns n          measured stretches of each contender in a round (default 2, quick 1)
  --profile cpu|heap write profiles of every process to build/bench/profiles
  --json file        where the figures go (default build/bench/results.json)

rows:       ${Object.keys(rows).join(' ')}
contenders: ${Object.keys(adapters).join(' ')}
`

/** @throws TypeError in words for the person who typed it. */
export function plan(args: readonly string[]): Plan | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      turns: { type: 'string' },
      profile: { type: 'string' },
      json: { type: 'string', default: 'build/bench/results.json' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  const names = values.only.split(',').filter((name) => name !== '')
  for (const name of names)
    if (!(name in rows) && !(name in adapters)) throw new TypeError(`no row or contender "${name}"`)
  const { quick } = values
  return {
    rows: chosen(Object.keys(rows) as RowName[], names),
    contenders: chosen(Object.keys(adapters) as AdapterName[], names),
    rounds: count('rounds', values.rounds, quick ? 2 : 5),
    turns: count('turns', values.turns, quick ? 1 : 2),
    warm: { rampMs: 0, measureMs: 1000, tailMs: quick ? 0 : 1000 },
    measured: { rampMs: 100, measureMs: quick ? 500 : 600, tailMs: 0 },
    flags: flags(values.profile),
    json: values.json,
  }
}

function chosen<Name extends string>(all: readonly Name[], names: readonly string[]): readonly Name[] {
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
