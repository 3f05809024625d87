// The matrix of the suite as text: a line for each runtime, a column for each transport, and below it why a cell is empty and what
// failed. Runs nothing.

import type { Note, Outcome, Report } from './suite.ts'

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

/** Each reason once, with the runtimes it holds for. */
function reasons(reports: readonly Report[]): string[] {
  const runtimes = new Map<string, string[]>()
  for (const { runtime, outcomes } of reports) {
    for (const outcome of outcomes) {
      for (const text of 'absent' in outcome ? [outcome.absent] : outcome.cannot.map(cannotBe)) {
        const reason = `${outcome.name}: ${text}`
        runtimes.set(reason, [...(runtimes.get(reason) ?? []), runtime])
      }
    }
  }
  return runtimes.size === 0 ? [] : ['', ...[...runtimes].map(([reason, names]) => `- ${reason} (${names.join(', ')})`)]
}

function cannotBe({ case: name, text }: Note): string {
  return `not "${name}": ${text}`
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
