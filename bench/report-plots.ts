// Which plots a file of results gives, by file name, and the curves' figures as tables. Draws nothing itself.

import { type Bar, bars, type Panel } from './plot-bars.ts'
import { curves, type Plot } from './plot-lines.ts'
import type { RowRecord, RunRecord } from './report-record.ts'
import { head, line, number, titled } from './report-table.ts'

/** Curves as `npm run bench:scale` and its like write them. */
export interface PlotsRecord {
  readonly date: string
  readonly node: string
  readonly cpu: string
  readonly cores: number
  readonly plots: readonly Plot[]
  /** What the curves promise, judged when they were measured. */
  readonly verdicts?: readonly { readonly line: string }[]
}

export interface Drawing {
  /** Without folder. */
  readonly file: string
  /** For those who cannot see it. */
  readonly alt: string
  readonly svg: string
}

interface Theme {
  readonly title: string
  readonly column: string
  readonly rows: readonly string[]
}

/** What is drawn, the rows of one theme in one plot. Not every row: some have twenty contenders. */
const THEMES: readonly Theme[] = [
  { title: 'Throughput, MiB a second', column: 'mibPerS', rows: ['bulk', 'bulk-1k', 'streams', 'rpc-big'] },
  {
    title: 'Calls a second',
    column: 'callsPerS',
    rows: ['calls-1', 'calls-32', 'calls-512', 'rpc-1', 'rpc-32', 'rpc-512'],
  },
  { title: 'Items a second', column: 'itemsPerS', rows: ['rpc-items'] },
]

/** A plot for each theme the run has rows of. `name`: the results' file name, without its ending. */
export function barPlots(name: string, run: RunRecord): Drawing[] {
  return THEMES.flatMap(({ title, column, rows: names }) => {
    const rows = names.flatMap((one) => run.rows[one] ?? [])
    if (rows.length === 0) return []
    const panels = rows.map((row) => panel(run, row, column))
    const alt = `${title}: ${rows.map((row) => row.title).join('; ')}`
    return [{ file: `${name}-${column}.svg`, alt, svg: bars(title, panels) }]
  })
}

function panel(run: RunRecord, row: RowRecord, column: string): Panel {
  const present = run.plan.contenders.filter((one) => one in row.contenders)
  return {
    title: row.title,
    bars: present.map((one): Bar => {
      const cell = row.contenders[one]?.[column]
      const rounds = (cell?.rounds ?? []).filter((value) => value !== null)
      return { name: titled(run, one), value: cell?.median ?? null, rounds, ours: one === run.plan.ours }
    }),
  }
}

/** A plot for each that the file holds, numbered in its order. */
export function curvePlots(name: string, { plots }: PlotsRecord): Drawing[] {
  return plots.map((plot, index) => {
    const alt = `${plot.title}: ${plot.y} against ${plot.x}`
    return { file: `${name}-${index + 1}.svg`, alt, svg: curves(plot) }
  })
}

/** A line for each x, a column for each curve; a dash where one was not measured. */
export function curveTable({ title, x, y, series }: Plot): string {
  const sizes = [...new Set(series.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b)
  const lines = sizes.map((size) => {
    const figures = series.map(({ points }) => number(points.find(([at]) => at === size)?.[1]))
    return line([number(size), ...figures])
  })
  return `**${title}** (${y})\n\n${[...head([x, ...series.map(({ name }) => name)], 0), ...lines].join('\n')}\n`
}
