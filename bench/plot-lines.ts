// Curves: a cost or a rate against a size. An axis is logarithmic where its values span a hundred times and more.

import { COLOURS, element, MARGIN, type Scale, scale, svg, text, WIDTH, widthOf } from './plot.ts'
import { number } from './report-table.ts'

export type Point = readonly [x: number, y: number]

export interface Curve {
  readonly name: string
  readonly points: readonly Point[]
}

export interface Plot {
  readonly title: string
  /** What is along the axis, with its unit. */
  readonly x: string
  readonly y: string
  readonly series: readonly Curve[]
}

const HEIGHT = 300
const LEGEND_TOP = 52
const LEGEND_STEP = 20
const LEGEND_MARK = 24

interface Area {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly across: Scale
  readonly up: Scale
}

export function curves({ title, x, y, series: given }: Plot): string {
  const series = given.map(measured)
  const points = series.flatMap((curve) => curve.points)
  const across = scale(points.map(([at]) => at))
  const up = scale(points.map(([, value]) => value))
  const { body, bottom } = legend(series)
  const top = bottom + 46
  const left = MARGIN + Math.max(...up.ticks.map((tick) => widthOf(number(tick)))) + 8
  const area: Area = { left, top, right: WIDTH - MARGIN - 30, bottom: top + HEIGHT, across, up }
  body.push(
    text(MARGIN, top - 14, y, { class: 'dim' }),
    ...axes(area),
    ...series.map((curve, n) => drawn(curve, n, area)),
  )
  body.push(text((left + area.right) / 2, area.bottom + 40, x, { class: 'dim', 'text-anchor': 'middle' }))
  return svg(title, area.bottom + 56, body)
}

/** Without the sizes at which there was nothing to measure, which JSON has as null. */
function measured({ name, points }: Curve): Curve {
  return { name, points: points.filter((point) => point.every(Number.isFinite)) }
}

/** Names beside their colour, in as many lines as they need. */
function legend(series: readonly Curve[]): { body: string[]; bottom: number } {
  let x = MARGIN
  let top = LEGEND_TOP
  const body: string[] = []
  for (const [index, { name }] of series.entries()) {
    const width = LEGEND_MARK + widthOf(name) + 16
    if (x > MARGIN && x + width > WIDTH - MARGIN) {
      x = MARGIN
      top += LEGEND_STEP
    }
    body.push(element('line', { ...stroke(index), x1: x, x2: x + LEGEND_MARK - 8, y1: top, y2: top }))
    body.push(text(x + LEGEND_MARK, top + 4, name))
    x += width
  }
  return { body, bottom: top }
}

function stroke(index: number): Readonly<Record<string, string>> {
  const dashes = index < COLOURS ? {} : { 'stroke-dasharray': '5 4' }
  return { class: `line s${index % COLOURS}`, ...dashes }
}

function axes({ left, top, right, bottom, across, up }: Area): string[] {
  const grid = (x1: number, y1: number, x2: number, y2: number) => element('line', { class: 'grid', x1, y1, x2, y2 })
  return [
    ...up.ticks.flatMap((tick) => {
      const y = bottom - up.at(tick) * (bottom - top)
      return [grid(left, y, right, y), text(left - 8, y + 4, number(tick), { class: 'dim', 'text-anchor': 'end' })]
    }),
    ...across.ticks.flatMap((tick) => {
      const x = left + across.at(tick) * (right - left)
      return [grid(x, top, x, bottom), text(x, bottom + 18, number(tick), { class: 'dim', 'text-anchor': 'middle' })]
    }),
  ]
}

function drawn({ points }: Curve, index: number, { left, top, right, bottom, across, up }: Area): string {
  const places = [...points]
    .sort(([a], [b]) => a - b)
    .map(([x, y]) => [left + across.at(x) * (right - left), bottom - up.at(y) * (bottom - top)] as const)
  const path = places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')
  const dots = places.map(([cx, cy]) => element('circle', { class: `s${index % COLOURS}`, cx, cy, r: 3 }))
  return [element('polyline', { ...stroke(index), points: path }), ...dots].join('\n')
}
