// The same figures on several runtimes: as data that explains itself, and as a Markdown table with a column for each runtime.
// Runs nothing.

import { cpus } from 'node:os'
import type { Plan } from '../options.ts'
import { type Cell, type RunRecord, ratio, record } from '../report-record.ts'
import { head, headed, line, number, quotient, titled } from '../report-table.ts'
import type { Results } from '../run.ts'
import type { Installed, RuntimeName } from './runtimes.ts'

/** What was measured on one runtime. */
export interface Measured {
  readonly runtime: Installed
  readonly results: Results
}

export type MeasuredByName = ReadonlyMap<RuntimeName, Measured>

/** One runtime's run, in the form of every run. */
interface RuntimeRecord {
  readonly title: string
  readonly version: string
  readonly run: RunRecord
}

export interface RuntimesRecord {
  /** ISO 8601, UTC. */
  readonly date: string
  readonly cpu: string
  readonly cores: number
  readonly runtimes: readonly RuntimeRecord[]
}

export function runtimesRecord(measured: MeasuredByName, plan: Plan): RuntimesRecord {
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    runtimes: [...measured.values()].map(({ runtime: { title, version }, results }) => {
      return { title, version, run: record(results, plan) }
    }),
  }
}

/** How and on what it was measured. */
export function runtimesMethod({ date, cpu, cores, runtimes }: RuntimesRecord): string {
  const { rounds, turns, measured } = runtimes[0]!.run.plan
  return [
    `Measured ${date.slice(0, 10)} on ${cores} cores (${cpu}), TCP over 127.0.0.1, both processes of a pair on the same runtime: ${rounds} rounds,`,
    `in each the runtimes one after another, ${turns} × ${measured.measureMs} ms each. Figures are medians of the rounds.`,
  ].join('\n')
}

export function runtimesTable({ runtimes }: RuntimesRecord): string {
  const heads = ['', ...runtimes.map(({ title, version }) => `${title} ${version}`)]
  const lines = head(heads)
  for (const [name, { title }] of Object.entries(runtimes[0]!.run.rows)) {
    lines.push(line([`**${title}**`, ...heads.slice(1).map(() => '')]), ...figures(runtimes, name))
  }
  return `${lines.join('\n')}\n`
}

/** For each figure: every contender's, and what ours is of the others'. */
function figures(runtimes: readonly RuntimeRecord[], row: string): string[] {
  const [{ run }] = runtimes as readonly [RuntimeRecord]
  const { contenders, ours } = run.plan
  return run.rows[row]!.columns.flatMap((column) => {
    const cell = (one: string, { run }: RuntimeRecord): Cell | undefined =>
      run.rows[row]?.contenders[one]?.[column.name]
    const others = contenders.filter((one) => one !== ours)
    return [
      ...contenders.map((one) => {
        const cells = runtimes.map((runtime) => number(cell(one, runtime)?.median))
        return line([`${headed(column)}, ${titled(run, one)}`, ...cells])
      }),
      ...others.map((one) => {
        const cells = runtimes.map((runtime) => [cell(ours, runtime)?.rounds ?? [], cell(one, runtime)?.rounds ?? []])
        return line([`${titled(run, ours)} ÷ ${titled(run, one)}`, ...cells.map(([a, b]) => quotient(ratio(a!, b!)))])
      }),
    ]
  })
}
