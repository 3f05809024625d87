// The same figures on several runtimes: as a Markdown table, a column for each runtime, and as JSON. Runs nothing.

import { cpus } from 'node:os'
import type { Plan } from '../options.ts'
import { headed, header, middle, number, quotient, raised, ratio, row, rowDocument, titled } from '../report.ts'
import { type RowName, rowNamed } from '../rows.ts'
import type { Results } from '../run.ts'
import type { Installed, RuntimeName } from './runtimes.ts'

/** What was measured on one runtime. */
export interface Measured {
  readonly runtime: Installed
  readonly results: Results
}

export type MeasuredByName = ReadonlyMap<RuntimeName, Measured>

export function runtimeTitles(measured: MeasuredByName): string[] {
  return [...measured.values()].map(({ runtime: { title, version } }) => `${title} ${version}`)
}

export function runtimesMarkdown(measured: MeasuredByName, plan: Plan): string {
  const heads = ['', ...runtimeTitles(measured)]
  const lines = header(heads)
  for (const name of plan.rows) {
    lines.push(row([`**${rowNamed(name).title}**${raised(rowNamed(name))}`, ...heads.slice(1).map(() => '')]))
    lines.push(...figures(measured, plan, name))
  }
  return `${lines.join('\n')}\n`
}

/** For each figure: every contender's, and what ours is of the others'. */
function figures(measured: MeasuredByName, { contenders, ours }: Plan, name: RowName): string[] {
  const cells = [...measured.values()].map(({ results }) => results.rows[name] ?? {})
  return rowNamed(name).workload.columns.flatMap((column) => [
    ...contenders.map((one) =>
      row([`${headed(column)}, ${titled(one)}`, ...cells.map((cell) => number(middle(cell[one], column.name)))]),
    ),
    ...contenders
      .filter((one) => one !== ours)
      .map((one) =>
        row([
          `${titled(ours)} ÷ ${titled(one)}`,
          ...cells.map((cell) => quotient(ratio(cell[ours], cell[one], column.name))),
        ]),
      ),
  ])
}

/** Each runtime has `rows` and `failures` as the results of `npm run bench` have them. */
export function runtimesJson(measured: MeasuredByName, plan: Plan): string {
  const document = {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    plan,
    runtimes: Object.fromEntries(
      [...measured].map(([key, { runtime, results }]) => [
        key,
        {
          title: runtime.title,
          version: runtime.version,
          flags: runtime.flags,
          rows: Object.fromEntries(plan.rows.map((name) => [name, rowDocument(results, plan, name)])),
          failures: results.failures,
        },
      ]),
    ),
  }
  return `${JSON.stringify(document, undefined, 2)}\n`
}
