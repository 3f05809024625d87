// Bars lying on their side: one panel a row of the benchmark, one bar a contender, with the range of its rounds.

import { element, MARGIN, svg, text, WIDTH, widthOf } from './plot.ts'
import { number } from './report-table.ts'

export interface Bar {
  readonly name: string
  /** Null: the contender is in the panel without a figure. */
  readonly value: number | null
  /** What was measured, round by round. */
  readonly rounds: readonly number[]
  readonly ours: boolean
}

/** Bars that share a scale from 0. */
export interface Panel {
  readonly title: string
  readonly bars: readonly Bar[]
}

const STEP = 22
const THICK = 14
const PANEL_HEAD = 26
const PANEL_GAP = 14
const TOP = 66
/** Room for the figure at the right end of a bar's line. */
const FIGURE = 86

export function bars(title: string, panels: readonly Panel[]): string {
  const names = Math.max(...panels.flatMap((panel) => panel.bars.map(({ name }) => widthOf(name))))
  const left = MARGIN + names + 10
  const body = [text(MARGIN, 48, 'more is better; the thin line spans the rounds', { class: 'dim' })]
  let top = TOP
  for (const panel of panels) {
    body.push(text(MARGIN, top + 12, panel.title, { class: 'strong' }))
    top += PANEL_HEAD
    const most = Math.max(...panel.bars.flatMap(({ value, rounds }) => [value ?? 0, ...rounds]))
    const x = (value: number): number => left + (most > 0 ? value / most : 0) * (WIDTH - MARGIN - FIGURE - left)
    for (const bar of panel.bars) {
      body.push(...drawn(bar, { left, top, x }))
      top += STEP
    }
    top += PANEL_GAP
  }
  return svg(title, top, body)
}

interface Place {
  readonly left: number
  readonly top: number
  x(value: number): number
}

function drawn({ name, value, rounds, ours }: Bar, { left, top, x }: Place): string[] {
  const weight = ours ? 'strong' : ''
  const lines = [
    text(left - 10, top + THICK - 3, name, { 'text-anchor': 'end', class: weight }),
    text(WIDTH - MARGIN, top + THICK - 3, number(value), { 'text-anchor': 'end', class: weight }),
  ]
  if (value === null) return lines
  const shape = { x: left, y: top, width: Math.max(1, x(value) - left), height: THICK, rx: 2 }
  lines.push(element('rect', { class: ours ? 'ours' : 'bar', ...shape }))
  if (rounds.length < 2) return lines
  const [from, to, middle] = [x(Math.min(...rounds)), x(Math.max(...rounds)), top + THICK / 2]
  lines.push(element('line', { class: 'range', x1: from, x2: to, y1: middle, y2: middle }))
  return lines
}
