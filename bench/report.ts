// Results as a Markdown table, as JSON, and as verdicts on the goals. Runs nothing.

import { cpus } from 'node:os'
import { type AdapterName, contender } from './adapter.ts'
import type { Plan } from './options.ts'
import { versioned } from './peers.ts'
import { type Goal, type Row, type RowName, rowNamed } from './rows.ts'
import type { Results, Rounds } from './run.ts'
import { median, spread } from './sample.ts'
import { END } from './stretch.ts'
import type { Column } from './workload.ts'

/** A ratio whose rounds lie further apart than this is marked. */
const SPREAD_MAX = 0.25
const MARK = ' (!)'
/** With more contenders than this, they are the lines of a table and not its columns. */
const WIDE_MAX = 5

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
  return plan.contenders.length > WIDE_MAX ? tall(results, plan) : wide(results, plan)
}

/** One table, a column for each contender. */
function wide(results: Results, plan: Plan): string {
  const { contenders: shown, ours } = plan
  const others = shown.filter((name) => name !== ours)
  const versus = shown.includes(ours) ? others : []
  const heads = ['', ...shown.map(titled), ...versus.map((name) => `÷ ${titled(name)}`)]
  const lines = header(heads)
  for (const name of plan.rows) {
    const { title, workload } = rowNamed(name)
    lines.push(row([`**${title}**${raised(rowNamed(name))}`, ...heads.slice(1).map(() => '')]))
    for (const column of workload.columns) lines.push(line(results, name, column, plan, versus))
  }
  return `${lines.join('\n')}\n`
}

/** A table for each row, a line for each contender; ours is compared by the headline alone. */
function tall(results: Results, plan: Plan): string {
  const { ours } = plan
  return plan.rows
    .map((name) => {
      const { title, workload } = rowNamed(name)
      const headline = workload.columns.find((column) => column.headline === true)!
      const cells = results.rows[name] ?? {}
      const lines = plan.contenders.map((one) =>
        row([
          titled(one),
          ...workload.columns.map((column) => number(middle(cells[one], column.name))),
          one === ours ? '' : quotient(ratio(cells[ours], cells[one], headline.name)),
        ]),
      )
      const heads = ['', ...workload.columns.map(headed), `${titled(ours)} ÷ it, ${headline.title}`]
      return `**${title}**${raised(rowNamed(name))}\n\n${[...header(heads), ...lines].join('\n')}\n`
    })
    .join('\n')
}

/** How each contender was used, where that does not go without saying. */
export function notes(plan: Plan): string {
  const lines = plan.contenders.flatMap((name) => {
    const { title, packages = [], note } = contender(name)
    if (note === undefined) return []
    const versions = packages.length === 0 ? '' : ` (${versioned(packages).join(', ')})`
    return [`- ${title}${versions}: ${note}`]
  })
  return lines.length === 0 ? '' : `${lines.join('\n')}\n\n`
}

function titled(name: AdapterName): string {
  return contender(name).title
}

function headed(column: Column): string {
  return column.title + (column.better === 'less' ? ' ↓' : '')
}

function header(heads: readonly string[]): string[] {
  return [row(heads), row(heads.map((_, index) => (index === 0 ? '---' : '---:')))]
}

function line(
  results: Results,
  name: RowName,
  column: Column,
  { contenders, ours }: Plan,
  versus: readonly AdapterName[],
): string {
  const cells = results.rows[name] ?? {}
  return row([
    headed(column),
    ...contenders.map((one) => number(middle(cells[one], column.name))),
    ...versus.map((one) => quotient(ratio(cells[ours], cells[one], column.name))),
  ])
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function raised(shown: Row): string {
  const parts = Object.entries(shown.raised ?? {}).map(([name, options]) => {
    const list = Object.entries(options).map(([option, value]) => `${option} ${value}`)
    return `${titled(name as AdapterName)}: ${list.join(', ')}`
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
  return plan.rows.flatMap((name) => rowNamed(name).goals.flatMap((goal) => verdict(results, plan, name, goal)))
}

function verdict(results: Results, { ours }: Plan, name: RowName, goal: Goal): string[] {
  const { column, by = ours, against, row: elsewhere = name } = goal
  const cells = results.rows[name] ?? {}
  const others = results.rows[elsewhere as RowName] ?? {}
  const less = columnNamed(name, column)?.better === 'less'
  const other = against === 'peers' ? bestPeer(others, column, less) : against
  if (against !== undefined && other === undefined) return []
  const figure = middle(cells[by], column)
  const value =
    other !== undefined
      ? ratio(cells[by], others[other], column)
      : { median: figure, spread: spread((cells[by] ?? []).map((figures) => figures?.[column] ?? Number.NaN)) }
  if (value === undefined || Number.isNaN(value.median)) return []
  const least = goal.atLeast ?? Number.NEGATIVE_INFINITY
  const most = goal.atMost ?? Number.POSITIVE_INFINITY
  const met = value.median >= least && value.median <= most
  const bound = goal.atLeast === undefined ? `at most ${number(most)}` : `at least ${number(least)}`
  const whose = by === ours ? '' : `${titled(by)}: `
  const where = elsewhere === name ? '' : ` in ${elsewhere}`
  const times = other === undefined ? '' : ` × ${titled(other)}${where}`
  const what = `${goal.of ?? 'line'} ${name}: ${whose}${columnNamed(name, column)?.title ?? column}`
  return [`${met ? 'met   ' : 'MISSED'} ${what}, ${quotient(value)}${times}, ${bound}`]
}

function columnNamed(row: RowName, name: string): Column | undefined {
  return rowNamed(row).workload.columns.find((column) => column.name === name)
}

/** The best figure of whoever does what Braidwire does: neither ours nor sockets without anything. */
function bestPeer(cells: Partial<Record<AdapterName, Rounds>>, column: string, less: boolean): AdapterName | undefined {
  const figures = (Object.keys(cells) as AdapterName[])
    .filter((name) => !/^(braidwire|net)(-|$)/.test(name) && !Number.isNaN(middle(cells[name], column)))
    .sort((a, b) => (middle(cells[a], column) - middle(cells[b], column)) * (less ? 1 : -1))
  return figures[0]
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
    notes: Object.fromEntries(plan.contenders.map((name) => [name, described(name)])),
    rows: Object.fromEntries(plan.rows.map((name) => [name, rowDocument(results, plan, name)])),
    failures: results.failures,
    goals: verdicts(results, plan),
  }
  return `${JSON.stringify(document, undefined, 2)}\n`
}

function described(name: AdapterName): object {
  const { title, packages = [], note } = contender(name)
  return { title, packages: versioned(packages), note }
}

function rowDocument(results: Results, { ours }: Plan, name: RowName): object {
  const { title, path, through, workload, raised: options } = rowNamed(name)
  const cells = results.rows[name] ?? {}
  const contenders = Object.fromEntries(
    Object.entries(cells).map(([adapter, rounds]) => [
      adapter,
      Object.fromEntries(
        [...workload.columns.map(({ name: column }) => column), ...END].map((column) => [
          column,
          {
            median: middle(rounds, column),
            rounds: rounds.map((figures) => figures?.[column]),
            ratio: adapter === ours ? undefined : ratio(cells[ours], rounds, column),
          },
        ]),
      ),
    ]),
  )
  return { title, path, through, raised: options, contenders }
}
