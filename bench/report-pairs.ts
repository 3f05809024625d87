// A run of pairs as Markdown: what has a goal beside what it is measured against. Reads a record, runs nothing.

import { columnNamed, type RunRecord, ratio } from './report-record.ts'
import { head, headed, line, number, quotient, titled } from './report-table.ts'

/** A table for each row, a line for each goal of it. */
export function pairTables(run: RunRecord): string {
  const tables = Object.values(run.rows).map((row) => {
    const lines = row.goals.map(({ by = run.plan.ours, against = '', column, atLeast }) => {
      const [ours, other] = [by, against].map((name) => row.contenders[name]?.[column])
      const compared = quotient(ratio(ours?.rounds ?? [], other?.rounds ?? []))
      const cells = [titled(run, by), number(ours?.median), titled(run, against), number(other?.median)]
      return line([...cells, compared, number(atLeast)])
    })
    const column = columnNamed(row, row.goals[0]?.column ?? '')
    const unit = column === undefined ? '' : headed(column)
    return `**${row.title}**\n\n${[...head(['', unit, 'beside', unit, '÷', 'at least']), ...lines].join('\n')}`
  })
  return `${tables.join('\n\n')}\n`
}
