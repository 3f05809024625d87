// Curves against scale: what is plotted, what each curve promises, and whether it kept it. Runs nothing.

/** A figure at one size. */
export type Point = readonly [x: number, y: number]

/** The promise that a cost a unit does not depend on how many there are. */
export interface Flat {
  /** Judged from this size on: below it fixed costs and the coarseness of the figure weigh more than the units. */
  readonly from: number
  /** A figure may be so many times the least at smaller sizes, at most. What gets cheaper, as programs do when they are warm, is no cost. */
  readonly factor: number
  /** In place of the least: of ratios to a control that is 1 whatever the machine does. */
  readonly reference?: number
}

export interface Series {
  readonly name: string
  readonly points: readonly Point[]
  /** Absent: shown, not judged. */
  readonly flat?: Flat
}

export interface Plot {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly series: readonly Series[]
}

/** The points from a size on; below it, what a program takes anyway weighs more than the units, and says nothing of them. */
export function from(size: number, points: readonly Point[]): readonly Point[] {
  return points.filter(([x]) => x >= size)
}

/** Without what was not measured at any size that says something. */
export function measured(plots: readonly Plot[]): Plot[] {
  const told = plots.map((plot) => ({ ...plot, series: plot.series.filter(({ points }) => points.length > 0) }))
  return told.filter(({ series }) => series.length > 0)
}

export interface Verdict {
  readonly met: boolean
  readonly line: string
}

/** One verdict for each series that promises something and was measured at two sizes or more where it does. */
export function verdicts({ title, y, series }: Plot): Verdict[] {
  return series.flatMap(({ name, points, flat }) => {
    if (flat === undefined) return []
    const judged = points.filter(([x]) => x >= flat.from)
    if (judged.length < 2) return []
    const values = judged.map(([, value]) => value)
    const [smallest, most] = [Math.min(...values), Math.max(...values)]
    const apart = rise(values, flat.reference)
    const met = apart <= flat.factor
    const range = `from ${digits(judged[0]![0])} to ${digits(judged.at(-1)![0])}`
    const figures = `${digits(smallest)} to ${digits(most)} ${y}`
    const bound = `${digits(apart)} times ${flat.reference ?? 'the least before'}, at most ${flat.factor}`
    return [{ met, line: `${met ? 'met   ' : 'MISSED'} ${title}, ${name}, ${range}: ${figures}, ${bound}` }]
  })
}

/** How many times a figure is the least up to it, or the reference, at most. NaN: a cost that is nothing or less was not measured. */
function rise(values: readonly number[], reference: number | undefined): number {
  let least = reference ?? Number.POSITIVE_INFINITY
  let most = 0
  for (const value of values) {
    if (reference === undefined) least = Math.min(least, value)
    most = Math.max(most, value / least)
  }
  return least > 0 ? most : Number.NaN
}

/** A line for each size, a column for each series; a dash where one was not measured. */
export function markdown({ title, x, y, series }: Plot): string {
  const sizes = [...new Set(series.flatMap(({ points }) => points.map(([size]) => size)))].sort((a, b) => a - b)
  const lines = [
    row([x, ...series.map(({ name }) => name)]),
    row(['---:', ...series.map(() => '---:')]),
    ...sizes.map((size) => row([digits(size), ...series.map(({ points }) => cell(points, size))])),
  ]
  return `**${title}** (${y})\n\n${lines.join('\n')}\n`
}

function cell(points: readonly Point[], size: number): string {
  const found = points.find(([x]) => x === size)
  return found === undefined ? '–' : digits(found[1])
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** Three digits are all that such measurements can say. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(3)))
}
