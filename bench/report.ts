// Results as a Markdown table, as JSON, and as verdicts on the goals. Runs nothing.

import { cpus } from 'node:os'
import { type AdapterName, adapters } from './adapter.ts'
import type { Plan } from './options.ts'
import { type Goal, type Row, type RowName, rowNamed } from './rows.ts'
import type { Results, Rounds } from './run.ts'
import { median, spread } from './sample.ts'
import type { Column } from './workload.ts'

/** A ratio whose rounds lie further apart than this is marked. */
const SPREAD_MAX = 0.25
const MARK = ' (!)'
const US: AdapterName = 'braidwire'

interface Ratio {
  readonly median: number
  /** (largest - smallest) / median, over the rounds. */
  readonly spread: number
}

/** Medians of ratios taken round by round, so that a slow minute of the machine weighs on both sides. */
function ratio(ours: Rounds | undefined, theirs: Rounds | undefined, column: string): Ratio | undefined {
  const quotients: number[] = []
  for (const [round, figures] of (ours ?? []).entries()) {
    const quotient = (figures?.[column] ?? Number.NaN) / (theirs?.[round]?.[column] ?? Number.NaN)
    if (Number.isFinite(quotient)) quotients.push(quotient)
  }
  return quotients.length === 0 ? undefined : { median: median(quotients), spread: spread(quotients) }
}

function middle(rounds: Rounds | undefined, column: string): number {
  return median((rounds ?? []).map((figures) => figures?.[column] ?? Number.NaN))
}

export function markdown(results: Results, plan: Plan): string {
  const shown = (Object.keys(adapters) as AdapterName[]).filter((name) => plan.contenders.includes(name))
  const others = shown.filter((name) => name !== US)
  const versus = shown.includes(US) ? others : []
  const heads = ['', ...shown.map((name) => adapters[name].title), ...versus.map((name) => `÷ ${adapters[name].title}`)]
  const lines = [row(heads), row(heads.map((_, index) => (index === 0 ? '---' : '---:')))]
  for (const name of plan.rows) {
    const { title, workload } = rowNamed(name)
    lines.push(row([`**${title}**${raised(rowNamed(name))}`, ...heads.slice(1).map(() => '')]))
    for (const column of workload.columns) lines.push(line(results, name, column, shown, versus))
  }
  return `${lines.join('\n')}\n`
}

function line(
  results: Results,
  name: RowName,
  column: Column,
  shown: readonly AdapterName[],
  versus: readonly AdapterName[],
): string {
  const cells = results.rows[name] ?? {}
  return row([
    column.title + (column.better === 'less' ? ' ↓' : ''),
    ...shown.map((adapter) => number(middle(cells[adapter], column.name))),
    ...versus.map((adapter) => quotient(ratio(cells[US], cells[adapter], column.name))),
  ])
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function raised(shown: Row): string {
  const parts = Object.entries(shown.raised ?? {}).map(([name, options]) => {
    const list = Object.entries(options).map(([option, value]) => `${option} ${value}`)
    return `${adapters[name as AdapterName].title}: ${list.join(', ')}`
  })
  return parts.length === 0 ? '' : ` (raised: ${parts.join('; ')})`
}

function quotient(value: Ratio | undefined): string {
  if (value === undefined) return '–'
  return `${number(value.median)}${value.spread > SPREAD_MAX ? MARK : ''}`
}

function number(value: number): string {
  if (Number.isNaN(value)) return '–'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(value < 10 ? 3 : 4)))
}

/** One sentence a goal: met, missed, or not measured. */
export function verdicts(results: Results, plan: Plan): string[] {
  return plan.rows.flatMap((name) => rowNamed(name).goals.flatMap((goal) => verdict(results, name, goal)))
}

function verdict(results: Results, name: RowName, goal: Goal): string[] {
  const cells = results.rows[name] ?? {}
  const value = ratio(cells[US], cells[goal.against], goal.column)
  if (value === undefined) return []
  const least = goal.atLeast ?? Number.NEGATIVE_INFINITY
  const most = goal.atMost ?? Number.POSITIVE_INFINITY
  const met = value.median >= least && value.median <= most
  const bound = goal.atLeast === undefined ? `at most ${most}` : `at least ${least}`
  const column = rowNamed(name).workload.columns.find((one) => one.name === goal.column)?.title ?? goal.column
  return [
    `${met ? 'met   ' : 'MISSED'} ${name}: ${column}, ${quotient(value)} × ${adapters[goal.against].title}, ${bound}`,
  ]
}

/** How it was measured, in two sentences, with what it was measured on. */
export function method(plan: Plan): string {
  const { rounds, turns, warm, measured } = plan
  const times = `${turns} × ${measured.measureMs} ms after ${(warm.measureMs + warm.tailMs) / 1000} s of warm-up`
  return [
    `Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), TCP over 127.0.0.1, each side a process of its own.`,
    `${rounds} rounds of fresh processes; in a round every contender is measured ${times}, in turns. Figures are medians of the`,
    `rounds; a ratio (÷) is the median of the rounds' own ratios, and ${MARK.trim()} marks one whose rounds lie more than`,
    `${SPREAD_MAX * 100} % apart. ↓: less is better.`,
  ].join('\n')
}

export function json(results: Results, plan: Plan): string {
  const document = {
    date: new Date().toISOString(),
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    plan,
    rows: Object.fromEntries(plan.rows.map((name) => [name, rowDocument(results, name)])),
    failures: results.failures,
    goals: verdicts(results, plan),
  }
  return `${JSON.stringify(document, undefined, 2)}\n`
}

function rowDocument(results: Results, name: RowName): object {
  const { title, workload, raised: options } = rowNamed(name)
  const cells = results.rows[name] ?? {}
  const contenders = Object.fromEntries(
    Object.entries(cells).map(([adapter, rounds]) => [
      adapter,
      Object.fromEntries(
        workload.columns.map(({ name: column }) => [
          column,
          {
            median: middle(rounds, column),
            rounds: rounds.map((figures) => figures?.[column]),
            ratio: adapter === US ? undefined : ratio(cells[US], rounds, column),
          },
        ]),
      ),
    ]),
  )
  return { title, raised: options, contenders }
}
