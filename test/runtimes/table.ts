// The matrix of the suite as text: a line for each runtime, a column for each transport, and below it why a cell is empty and what
// failed. Runs nothing.

import type { Outcome, Report } from './suite.ts'

/** The table, with the reasons and failures below it. */
export function table(reports: readonly Report[]): string {
  const columns = [...new Set(reports.flatMap(({ outcomes }) => outcomes.map(({ name }) => name)))]
  const rows = reports.map(({ runtime, outcomes }) => [
    runtime,
    ...columns.map((column) => cell(outcomes.find(({ name }) => name === column))),
  ])
  const head = ['', ...columns]
  const widths = head.map((_, index) => Math.max(...[head, ...rows].map((row) => row[index]!.length)))
  const line = (row: readonly string[]) => `| ${row.map((text, index) => text.padEnd(widths[index]!)).join(' | ')} |`
  const rule = line(widths.map((width) => '-'.repeat(width)))
  return `${[line(head), rule, ...rows.map(line), ...reasons(reports), ...failures(reports)].join('\n')}\n`
}

function cell(outcome: Outcome | undefined): string {
  if (outcome === undefined || 'absent' in outcome) return '-'
  const failed = outcome.failures.length
  return failed === 0 ? `${outcome.run}` : `${outcome.run - failed} of ${outcome.run}`
}

/** Each reason once, with the cases and the runtimes it holds for. */
function reasons(reports: readonly Report[]): string[] {
  const found = new Map<string, { readonly cases: Set<string>; readonly runtimes: Set<string> }>()
  const note = (runtime: string, reason: string, name?: string): void => {
    const { cases, runtimes } = found.get(reason) ?? { cases: new Set(), runtimes: new Set() }
    found.set(reason, { cases: name === undefined ? cases : cases.add(name), runtimes: runtimes.add(runtime) })
  }
  for (const { runtime, outcomes, notes = [] } of reports) {
    for (const text of notes) note(runtime, text)
    for (const outcome of outcomes) {
      if ('absent' in outcome) note(runtime, `${outcome.name}: ${outcome.absent}`)
      else for (const { case: name, text } of outcome.cannot) note(runtime, `${outcome.name}: ${text}`, name)
    }
  }
  const lines = [...found].map(([reason, { cases, runtimes }]) => {
    const which = cases.size === 0 ? '' : `; not run: ${[...cases].map((name) => `"${name}"`).join(', ')}`
    return `- ${reason} (${[...runtimes].join('; ')})${which}`
  })
  return lines.length === 0 ? [] : ['', ...lines]
}

function failures(reports: readonly Report[]): string[] {
  return reports.flatMap(({ runtime, outcomes }) =>
    outcomes.flatMap((outcome) =>
      'absent' in outcome
        ? []
        : outcome.failures.map(({ case: name, text }) => `\nfailed: ${runtime}, ${outcome.name}: ${name}\n${text}`),
    ),
  )
}

/** Whether a runtime ran something, and nothing of it failed. */
export function passed({ outcomes }: Report): boolean {
  const ran = outcomes.filter((outcome) => 'run' in outcome)
  return ran.some(({ run }) => run > 0) && ran.every(({ failures }) => failures.length === 0)
}
