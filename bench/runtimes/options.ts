// The command line of the benchmark on several runtimes. Knows the names of rows and runtimes, runs nothing.

import { parseArgs } from 'node:util'
import type { AdapterName } from '../adapter.ts'
import { chosen, type Plan, plan } from '../options.ts'
import type { RowName } from '../rows.ts'
import { type RuntimeName, runtimeNames } from './runtimes.ts'

/** What differs between runtimes is how they treat sockets and how they compile: a few rows show it. */
const ROWS: readonly RowName[] = ['bulk', 'calls-1', 'calls-32', 'calls-512']
/** The one Braidwire is compared with, and Braidwire. */
const CONTENDERS: readonly AdapterName[] = ['net', 'braidwire']
const JSON_RUNTIMES = 'build/bench/runtimes.json'

export interface RuntimesPlan {
  readonly runtimes: readonly RuntimeName[]
  /** What is run on each of them. */
  readonly plan: Plan
}

export function runtimesUsage(): string {
  return `npm run bench:runtimes -- [options]

  --quick            two short rounds
  --only a,b         rows and runtimes by name, e.g. --only ${ROWS[0]},node,bun
  --rounds n         rounds (default 5, quick 2)
  --turns n          measured stretches of each contender in a round (default 2, quick 1)
  --ms n             milliseconds of a measured stretch, and at most of warm-up: for a look that everything works
  --json file        where the figures go (default ${JSON_RUNTIMES})

rows:     ${ROWS.join(' ')}
runtimes: ${runtimeNames.join(' ')} (node is the one that runs this)
`
}

/** @throws TypeError in words for the person who typed it. */
export function runtimesPlan(args: readonly string[]): RuntimesPlan | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      turns: { type: 'string' },
      ms: { type: 'string' },
      json: { type: 'string', default: JSON_RUNTIMES },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  const names = values.only.split(',').filter((name) => name !== '')
  for (const name of names)
    if (!ROWS.some((row) => row === name) && !runtimeNames.some((runtime) => runtime === name))
      throw new TypeError(`no row or runtime "${name}"`)
  const pace = (['rounds', 'turns', 'ms', 'json'] as const).flatMap((name) =>
    values[name] === undefined ? [] : [`--${name}`, values[name]],
  )
  const only = [...chosen(ROWS, names), ...CONTENDERS].join(',')
  return {
    runtimes: chosen(runtimeNames, names),
    plan: plan(['--only', only, ...pace, ...(values.quick ? ['--quick'] : [])])!,
  }
}
