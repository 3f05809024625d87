// What Braidwire is meant to reach, judged against what a run found. Knows the goals' names; their bounds come with the rows.

import { bestPeer, columnNamed, type RowRecord, type RunRecord, ratio, steadiness } from './report-record.ts'
import { head, headed, line, number, quotient, titled } from './report-table.ts'
import type { Goal } from './rows.ts'

/** The goals by name, whether or not a run has something to say about them. */
const GOALS: Readonly<Record<string, string>> = {
  W1: 'bulk',
  W2: 'many streams',
  W3: 'calls',
  W4: 'streams opened and closed',
  W5: 'idle streams',
  W6: 'a reader that stops',
  W7: 'calls beside bulk',
  W8: 'a long path',
  W9: 'bytes on the wire beyond the payload',
  W10: 'import and bundle',
}

interface Verdict {
  readonly goal: Goal
  /** The row and the column it is about. */
  readonly subject: string
  /** The ratio or figure, or a dash. */
  readonly measured: string
  readonly bound: string
  /** Undefined: not measured. */
  readonly met: boolean | undefined
}

/** Every goal of every row, in the order of the rows. */
function judge(run: RunRecord): Verdict[] {
  return Object.values(run.rows).flatMap((row) => row.goals.map((goal) => verdict(run, row, goal)))
}

function verdict(run: RunRecord, row: RowRecord, goal: Goal): Verdict {
  const { column, by = run.plan.ours, against } = goal
  const elsewhere = goal.row === undefined ? row : run.rows[goal.row]
  const other = against === 'peers' ? elsewhere && bestPeer(elsewhere, column) : against
  const rounds = (from: RowRecord | undefined, name: string | undefined) =>
    from?.contenders[name ?? '']?.[column]?.rounds ?? []
  const value = against === undefined ? steadiness(rounds(row, by)) : ratio(rounds(row, by), rounds(elsewhere, other))
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = goal
  return {
    goal,
    subject: subject(run, row, goal),
    measured: quotient(value),
    bound: bound(run, goal, other),
    met: value === undefined ? undefined : value.median >= atLeast && value.median <= atMost,
  }
}

function bound(run: RunRecord, { against, atLeast, atMost, row }: Goal, other: string | undefined): string {
  const limit = atLeast === undefined ? `at most ${number(atMost)}` : `at least ${number(atLeast)}`
  if (against === undefined) return limit
  const best = other === undefined ? 'best peer' : `best peer, ${titled(run, other)}`
  const where = row === undefined ? '' : ` in "${run.rows[row]?.title ?? row}"`
  return `${limit} × ${against === 'peers' ? best : titled(run, against)}${where}`
}

function subject(run: RunRecord, row: RowRecord, goal: Goal): string {
  const column = columnNamed(row, goal.column)
  const whose = goal.by === undefined ? '' : `${titled(run, goal.by)}, `
  return `${row.title}: ${whose}${column === undefined ? goal.column : headed(column)}`
}

/** One line a goal for the terminal, of those that were measured. */
export function verdicts(run: RunRecord): string[] {
  return judge(run)
    .filter(({ met }) => met !== undefined)
    .map((one) => {
      const name = one.goal.of === undefined ? '' : `${one.goal.of} `
      return `${one.met ? 'met   ' : 'MISSED'} ${name}${one.subject}, ${one.measured}, ${one.bound}`
    })
}

/** Every goal by name, whether or not it was measured, over all runs; then which lines that must hold do not. */
export function goalsTable(runs: readonly RunRecord[]): string {
  const all = runs.flatMap(judge)
  const lines = Object.entries(GOALS).flatMap(([name, title]) => {
    const own = all.filter(({ goal }) => goal.of === name)
    if (own.length === 0) return [line([`${name} ${title}`, '', '', '–', 'not measured'])]
    return own.map((one, index) => goalLine(index === 0 ? `${name} ${title}` : '', one))
  })
  const table = [...head(['', 'what', 'goal', 'measured', ''], 5), ...lines].join('\n')
  const named = all.filter(({ goal }) => goal.of !== undefined)
  return `${tally(named)}\n\n${table}\n\n${floors(all.filter((one) => !named.includes(one)))}\n`
}

/** Of those that hold, their number says enough: there is one for every peer and row. */
function floors(all: readonly Verdict[]): string {
  const broken = all.filter(({ met }) => met !== true)
  const lines = broken.map((one) => `- ${one.subject}: ${one.measured}, ${one.bound}: ${outcome(one)}`)
  return [`Lines that must never be crossed: ${tally(all)}`, ...(lines.length > 0 ? ['', ...lines] : [])].join('\n')
}

function goalLine(name: string, one: Verdict): string {
  return line([name, one.subject, one.bound, one.measured, outcome(one)])
}

function outcome({ met }: Verdict): string {
  if (met === undefined) return 'not measured'
  return met ? 'met' : '**missed**'
}

function tally(all: readonly Verdict[]): string {
  const count = (met: boolean | undefined): number => all.filter((one) => one.met === met).length
  const unknown = count(undefined)
  return `${count(true)} met, ${count(false)} missed${unknown === 0 ? '' : `, ${unknown} not measured`}.`
}
