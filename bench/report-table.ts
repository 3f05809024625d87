// A run as Markdown tables, with how it was measured and how each contender was used. Reads a record, runs nothing.

import type { Cell, Ratio, RowRecord, RunRecord } from './report-record.ts'
import type { Column } from './workload.ts'

/** A ratio whose rounds lie further apart than this is marked. */
const SPREAD_MAX = 0.25
const MARK = '(!)'
/** With more contenders than this, they are the lines of a table and not its columns. */
const WIDE_MAX = 4
const NOTHING = '–'

/** A table line; what a cell holds must not end it. */
export function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** A table's first two lines: figures to the right, what they are of to the left. */
export function head(cells: readonly string[], left = 1): string[] {
  return [line(cells), line(cells.map((_, index) => (index < left ? '---' : '---:')))]
}

/** Three to four digits, or a dash for nothing. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return NOTHING
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(Math.abs(value) < 10 ? 3 : 4)))
}

export function quotient(value: Ratio | undefined): string {
  if (value === undefined) return NOTHING
  return isUnsteady(value) ? `${number(value.median)} ${MARK}` : number(value.median)
}

export function headed(column: Column): string {
  return column.better === 'less' ? `${column.title} ↓` : column.title
}

export function titled(run: RunRecord, name: string): string {
  return run.notes[name]?.title ?? name
}

/** Every row of a run. */
export function tables(run: RunRecord): string {
  return run.plan.contenders.length > WIDE_MAX ? tall(run) : wide(run)
}

/** One table, a column for each contender. */
function wide(run: RunRecord): string {
  const { contenders, ours } = run.plan
  const versus = contenders.includes(ours) ? contenders.filter((name) => name !== ours) : []
  const heads = ['', ...contenders.map((name) => titled(run, name)), ...versus.map((name) => `÷ ${titled(run, name)}`)]
  const lines = head(heads)
  for (const row of Object.values(run.rows)) {
    lines.push(line([`**${row.title}**${raised(run, row)}`, ...heads.slice(1).map(() => '')]))
    for (const column of row.columns) {
      const cell = (name: string): Cell | undefined => row.contenders[name]?.[column.name]
      const figures = contenders.map((name) => number(cell(name)?.median))
      lines.push(line([headed(column), ...figures, ...versus.map((name) => quotient(cell(name)?.ratio))]))
    }
  }
  return `${lines.join('\n')}\n`
}

/** A table for each row, a line for each contender; ours is compared by the first headline alone. */
function tall(run: RunRecord): string {
  return Object.values(run.rows)
    .map((row) => `**${row.title}**${raised(run, row)}\n\n${tallLines(run, row).join('\n')}\n`)
    .join('\n')
}

function tallLines(run: RunRecord, row: RowRecord): string[] {
  const { contenders, ours } = run.plan
  const headline = row.columns.find((column) => column.headline === true) ?? row.columns[0]!
  const present = contenders.filter((name) => name in row.contenders)
  const absent = contenders.filter((name) => !(name in row.contenders))
  const lines = present.map((name) =>
    line([
      titled(run, name),
      ...row.columns.map((column) => number(row.contenders[name]?.[column.name]?.median)),
      name === ours ? '' : quotient(row.contenders[name]?.[headline.name]?.ratio),
    ]),
  )
  // All who are not in this row share a line: most rows have some.
  if (absent.length > 0) {
    const names = absent.map((name) => titled(run, name)).join(', ')
    lines.push(line([names, ...row.columns.map(() => NOTHING), NOTHING]))
  }
  return [...head(['', ...row.columns.map(headed), `${titled(run, ours)} ÷ it, ${headline.title}`]), ...lines]
}

function raised(run: RunRecord, row: RowRecord): string {
  const parts = Object.entries(row.raised ?? {})
    .filter(([name]) => run.plan.contenders.includes(name))
    .map(([name, options]) => {
      const list = Object.entries(options).map(([option, value]) => `${option} ${value}`)
      return `${titled(run, name)}: ${list.join(', ')}`
    })
  return parts.length === 0 ? '' : ` (raised: ${parts.join('; ')})`
}

/** How each contender was used, where that does not go without saying. */
export function notes(run: RunRecord): string {
  const lines = Object.values(run.notes).flatMap(({ title, packages, note }) => {
    if (note === undefined) return []
    const versions = packages.length === 0 ? '' : ` (${packages.join(', ')})`
    return [`- ${title}${versions}: ${note}`]
  })
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

/** How and on what it was measured, in a few sentences. */
export function method(run: RunRecord): string {
  const { rounds, turns, warm, measured } = run.plan
  const times = `${turns} × ${measured.measureMs} ms after ${(warm.measureMs + warm.tailMs) / 1000} s of warm-up`
  return [
    `Measured ${run.date.slice(0, 10)} with Node ${run.node} on ${run.cores} cores (${run.cpu}), over 127.0.0.1 where nothing else is said, each side a`,
    `process of its own. ${plural(rounds, 'round')} of fresh processes; in a round every contender is measured ${times},`,
    `in turns. Figures are medians of the rounds; a ratio (÷) is the median of the rounds' own ratios, and ${MARK} marks one`,
    `whose rounds lie more than ${SPREAD_MAX * 100} % apart: ${unsteady(run)}. ↓: less is better.`,
  ].join('\n')
}

/** How far a reader may trust the run as a whole. */
function unsteady(run: RunRecord): string {
  if (run.plan.rounds < 2) return 'which a single round cannot show'
  const ratios = Object.values(run.rows)
    .flatMap((row) => Object.values(row.contenders))
    .flatMap((cells) => Object.values(cells))
    .flatMap(({ ratio }) => (ratio === undefined ? [] : [ratio]))
  return `${ratios.filter(isUnsteady).length} of ${ratios.length} in this run`
}

function isUnsteady({ spread }: Ratio): boolean {
  return spread > SPREAD_MAX
}

function plural(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`
}
