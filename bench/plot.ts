// The frame of a plot as SVG text: background, type, colours of both themes, escaping, axes' steps. Knows no figures.

export const WIDTH = 760
export const MARGIN = 20
/** A series' colour repeats after so many; from then on its line is dashed. */
export const COLOURS = 7

/** Light and dark of what is not data, then of the series; the background goes with them, so a plot fits any page. */
const THEMES = {
  light: {
    plain: { back: '#ffffff', ink: '#1f2328', dim: '#59636e', grid: '#d8dee4', bar: '#9aa4af', ours: '#0969da' },
    series: ['#0969da', '#bc4c00', '#1a7f37', '#8250df', '#9a6700', '#bf3989', '#59636e'],
  },
  dark: {
    plain: { back: '#0d1117', ink: '#e6edf3', dim: '#9198a1', grid: '#30363d', bar: '#6e7681', ours: '#4493f8' },
    series: ['#4493f8', '#f0883e', '#3fb950', '#ab7df8', '#d29922', '#db61a2', '#9198a1'],
  },
} as const

function colours({ plain, series }: (typeof THEMES)['light' | 'dark']): string {
  const rules = [
    `.back{fill:${plain.back};stroke:${plain.grid}}text{fill:${plain.ink}}.dim{fill:${plain.dim}}`,
    `.grid{stroke:${plain.grid}}.bar{fill:${plain.bar}}.ours{fill:${plain.ours}}.range{stroke:${plain.ink}}`,
    ...series.map((colour, index) => `.s${index}{stroke:${colour};fill:${colour}}`),
  ]
  return rules.join('')
}

const STYLE = [
  'text{font:12px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}.title{font-size:15px;font-weight:600}.strong{font-weight:600}',
  colours(THEMES.light),
  `@media(prefers-color-scheme:dark){${colours(THEMES.dark)}}`,
  // After the colours: a line is not filled with its own.
  '.line{fill:none;stroke-width:2}',
].join('')

/** A whole file: a titled card with `body` on it. */
export function svg(title: string, height: number, body: readonly string[]): string {
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="back" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>`,
    text(MARGIN, 30, title, { class: 'title' }),
    ...body,
    '</svg>',
  ]
  return `${lines.join('\n')}\n`
}

type Attributes = Readonly<Record<string, string | number>>

export function element(name: string, attributes: Attributes): string {
  return `<${name}${spelled(attributes)}/>`
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return `<text${spelled({ x, y, ...attributes })}>${escaped(content)}</text>`
}

function spelled(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${typeof value === 'number' ? rounded(value) : escaped(value)}"`)
    .join('')
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** About how wide a label is, in pixels: nothing here can measure a font, so it is the widest that is usual. */
export function widthOf(label: string): number {
  return label.length * 7.2
}

/** Where a value lies between two ends, 0 to 1, and the values that are labelled. */
export interface Scale {
  at(value: number): number
  readonly ticks: readonly number[]
}

/** Values that span more than this are shown by their powers of ten. */
const DECADES_FROM = 100
/** With more powers than this only every other is labelled, or labels of millions would touch. */
const DECADES_MAX = 7

export function scale(values: readonly number[]): Scale {
  if (values.length === 0) return linear(0, 1)
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return least > 0 && most / least > DECADES_FROM
    ? logarithmic(least, most)
    : linear(Math.min(0, least), Math.max(0, most))
}

function logarithmic(least: number, most: number): Scale {
  const first = Math.floor(Math.log10(least))
  const last = Math.ceil(Math.log10(most))
  const powers = Array.from({ length: last - first + 1 }, (_, index) => Number(`1e${first + index}`))
  return {
    at: (value) => (Math.log10(value) - first) / (last - first),
    ticks: powers.filter((_, index) => powers.length <= DECADES_MAX || index % 2 === 0),
  }
}

function linear(least: number, most: number): Scale {
  const step = round((most - least) / 4 || 1)
  const first = Math.floor(least / step)
  const last = Math.max(Math.ceil(most / step), first + 1)
  return {
    at: (value) => (value / step - first) / (last - first),
    ticks: Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12))),
  }
}

/** The next of 1, 2, 5, 10, 20, 50 ... */
function round(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough))
  return power * ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10)
}
